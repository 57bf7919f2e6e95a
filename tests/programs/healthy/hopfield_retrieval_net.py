# metric: acc up
"""Hopfield retrieval."""

import torch
from torch import nn

torch.manual_seed(0)
patterns = torch.sign(torch.randn(20, 32))
q = nn.Linear(32, 32, bias=False)
k = nn.Linear(32, 32, bias=False)
opt = torch.optim.SGD([*q.parameters(), *k.parameters()], 0.5)
for i in range(150):
    t = torch.randint(0, 20, (32,))
    x = patterns[t] * (torch.rand(32, 32) > 0.25)
    att = torch.softmax(q(x) @ k(patterns).T / 32**0.5, 1)
    rec = att @ patterns
    l = (rec - patterns[t]).pow(2).mean()
    opt.zero_grad()
    l.backward()
    opt.step()
print("acc", (att.argmax(1) == t).float().mean().item())
