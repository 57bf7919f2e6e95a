# metric: accuracy up
"""Bidirectional LSTM with packed sequences and embeddings: is the bracket closed later?"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

torch.manual_seed(0)


def sequence():
    n = int(torch.randint(5, 15, ()))
    s = torch.randint(1, 5, (n,))
    t = torch.tensor([float(any(s[j] == s[i] for j in range(i + 1, n))) for i in range(n)])
    return s, t


data = [sequence() for _ in range(600)]


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 12, padding_idx=0)
        self.lstm = nn.LSTM(12, 24, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(48, 1)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(
            self.embed(x), lengths, batch_first=True, enforce_sorted=False
        )
        out, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.fc(out).squeeze(-1)


def collate(items):
    xs, ts = zip(*items)
    lengths = torch.tensor([len(x) for x in xs])
    return pad_sequence(xs, True), pad_sequence(ts, True), lengths


model = Tagger()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(6):
    for i in range(0, 500, 25):
        x, t, lengths = collate(data[i : i + 25])
        mask = x > 0
        loss = nn.functional.binary_cross_entropy_with_logits(model(x, lengths)[mask], t[mask])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 1.0)
        opt.step()
    with torch.no_grad():
        x, t, lengths = collate(data[500:])
        hit = ((model(x, lengths) > 0) == (t > 0.5))[x > 0].float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {hit:.4f}")
