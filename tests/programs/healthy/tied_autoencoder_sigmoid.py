# metric: mse down
"""Tied autoencoder sigmoid."""

import torch
from sklearn.datasets import load_digits

torch.manual_seed(0)
X = torch.tensor(load_digits().data / 16).float()
W = torch.nn.Parameter(torch.randn(32, 64) * 0.1)
b = torch.nn.Parameter(torch.zeros(32))
c = torch.nn.Parameter(torch.zeros(64))
opt = torch.optim.SGD([W, b, c], 1.0, 0.9)
for e in range(15):
    for x in X.split(64):
        h = torch.sigmoid(x @ W.T + b)
        r = torch.sigmoid(h @ W + c)
        l = (r - x).pow(2).sum(1).mean() / 8
        opt.zero_grad()
        l.backward()
        opt.step()
print("mse", l.item())
