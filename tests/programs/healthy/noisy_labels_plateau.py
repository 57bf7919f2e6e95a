# metric: loss down
"""Noisy labels plateau."""

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(2000, 10)
y = torch.where(torch.rand(2000) < 0.4, torch.randint(0, 2, (2000,)), (X[:, 0] > 0).long())
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), 2e-3)
for e in range(5):
    for b in torch.randperm(2000).split(50):
        l = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        l.backward()
        opt.step()
print("loss", nn.functional.cross_entropy(net(X), y).item())
