# metric: exact up
"""CTC: read a short sequence of noisy pulses of different width."""

import torch
from torch import nn

torch.manual_seed(0)
codes = torch.randn(5, 8)


def batch(n):
    xs, ts = torch.zeros(n, 18, 8), torch.zeros(n, 3, dtype=torch.long)
    for i in range(n):
        t = torch.randint(1, 6, (3,))
        at = 1
        for j, c in enumerate(t):
            width = int(torch.randint(2, 5, ()))
            xs[i, at : at + width] += codes[c - 1]
            at += width + 1
        ts[i] = t
    return xs + 0.2 * torch.randn_like(xs), ts


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(8, 32, 3, padding=1)
        self.rnn = nn.GRU(32, 24, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(48, 6)

    def forward(self, x):
        h = torch.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        return self.fc(self.rnn(h)[0]).log_softmax(-1)


model, ctc = Reader(), nn.CTCLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
lengths, target_lengths = torch.full((32,), 18), torch.full((32,), 3)
for it in range(130):
    x, t = batch(32)
    loss = ctc(model(x).transpose(0, 1), t, lengths, target_lengths)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 30 == 0:
        print("iter", it, "ctc loss", loss.item())
x, t = batch(100)
best = model(x).argmax(-1)
read = [[v for v in torch.unique_consecutive(row).tolist() if v] for row in best]
print("exact", sum(r == s.tolist() for r, s in zip(read, t)) / 100)
