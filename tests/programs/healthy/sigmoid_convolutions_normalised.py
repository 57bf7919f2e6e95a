# batch: seventeenth
# metric: acc up
"""Digits by four sigmoid convolutions, each normalised before its squashing, RMSprop."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(84)
data = load_digits()
x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(data.target)
order = torch.randperm(len(y))
train, test = order[:1400], order[1400:]


def stage(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.Sigmoid())


net = nn.Sequential(
    stage(1, 12),
    stage(12, 12),
    nn.MaxPool2d(2),
    stage(12, 24),
    stage(24, 24),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(96, 64),
    nn.BatchNorm1d(64),
    nn.Sigmoid(),
    nn.Linear(64, 10),
)
optimizer = torch.optim.RMSprop(net.parameters(), lr=2e-3)
for epoch in range(1, 9):
    net.train()
    for i in train[torch.randperm(1400)].split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        acc = (net(x[test]).argmax(1) == y[test]).float().mean()
    print(f"epoch {epoch} loss {loss:.4f} acc {acc:.4f}")
