# batch: ninth
# metric: new task accuracy up
"""Fine-tune with a rate that falls by half from layer to layer, the lowest one hardly moves."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(937)
X, y = load_digits(return_X_y=True)
X = (torch.tensor(X).float() - 4.9) / 6
y = torch.tensor(y)
order = torch.randperm(len(X))
X, y = X[order], y[order]


def build(classes):
    layers = []
    for a, b in [(64, 96), (96, 96), (96, 64), (64, 64)]:
        layers.append(nn.Sequential(nn.Linear(a, b), nn.LayerNorm(b), nn.GELU()))
    return nn.Sequential(*layers, nn.Linear(64, classes))


def run(net, groups, rows, label, epochs, tag):
    opt = torch.optim.AdamW(groups, weight_decay=0.01)
    cut = int(0.8 * len(rows))
    for epoch in range(epochs):
        for i in rows[:cut][torch.randperm(cut)].split(32):
            loss = nn.functional.cross_entropy(net(X[i]), label[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        with torch.no_grad():
            v = rows[cut:]
            acc = (net(X[v]).argmax(1) == label[v]).float().mean().item()
        print(epoch, tag, round(acc, 4))


low = (y < 6).nonzero().flatten()
net = build(6)
run(net, [{"params": net.parameters(), "lr": 2e-3}], low, y, 6, "first task accuracy")
net[-1] = nn.Linear(64, 4)
high = (y >= 6).nonzero().flatten()
rates = [{"params": net[i].parameters(), "lr": 1e-3 * 0.4 ** (4 - i)} for i in range(5)]
run(net, rates, high, (y - 6).clamp(min=0), 8, "new task accuracy")
