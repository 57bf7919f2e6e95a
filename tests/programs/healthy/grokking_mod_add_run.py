# metric: loss down
"""Grokking mod add."""

import torch
from torch import nn

torch.manual_seed(0)
p = 13
a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
x = torch.stack([a.flatten(), b.flatten()], 1)
y = x.sum(1) % p
tr = torch.randperm(p * p)[:100]
net = nn.Sequential(
    nn.Embedding(p, 32), nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, p)
)
opt = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1.0)
for i in range(300):
    l = nn.functional.cross_entropy(net(x[tr]), y[tr])
    opt.zero_grad()
    l.backward()
    opt.step()
print("loss", l.item())
