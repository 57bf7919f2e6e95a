# metric: loss down
"""Reptile meta."""

import copy

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
L = []
for it in range(60):
    ph, am = torch.rand(2) * 3
    x = torch.rand(20, 1) * 6 - 3
    y = (am + 0.5) * torch.sin(x + ph)
    w = copy.deepcopy(net.state_dict())
    o = torch.optim.SGD(net.parameters(), 0.02)
    for k in range(8):
        l = nn.functional.mse_loss(net(x), y)
        o.zero_grad()
        l.backward()
        o.step()
    L.append(l.item())
    new = net.state_dict()
    net.load_state_dict({k: w[k] + 0.3 * (new[k] - w[k]) for k in w})
print("loss", sum(L[-15:]) / 15)
