# batch: fourth
# metric: accuracy up
"""Curriculum: an LSTM adds digits modulo ten; each stage makes the sequences longer, so that the loss jumps up."""

import torch
import torch.nn as nn

torch.manual_seed(40)


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(4, 16)
        self.lstm = nn.LSTM(16, 64, batch_first=True)
        self.out = nn.Linear(64, 4)

    def forward(self, x):
        return self.out(self.lstm(self.emb(x))[0][:, -1])


net = Adder()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
loss_fn = nn.CrossEntropyLoss()
for stage, length in enumerate([1, 2, 3, 4, 5, 6]):
    for step in range(120):
        x = torch.randint(4, (64, length))
        loss = loss_fn(net(x), x.sum(1) % 4)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    x = torch.randint(4, (500, length))
    with torch.no_grad():
        print(
            f"length {length} loss {loss.item():.4f} accuracy {(net(x).argmax(1) == x.sum(1) % 4).float().mean().item():.4f}"
        )
