# batch: sixth
# metric: accuracy up
"""Mean teacher: six labels, many unlabelled points."""

import copy

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(67)
np.random.seed(67)
X, y = make_moons(1000, noise=0.08)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
labelled = torch.cat([torch.where(y == c)[0][:3] for c in (0, 1)])


class MLP(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
        )


student = MLP()
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad = False
optimizer = torch.optim.Adam(student.parameters(), lr=2e-3)
for step in range(500):
    u = X[torch.randint(0, 1000, (100,))]
    supervised = nn.functional.cross_entropy(
        student(X[labelled] + 0.05 * torch.randn(6, 2)), y[labelled]
    )
    with torch.no_grad():
        target = teacher(u + 0.1 * torch.randn_like(u)).softmax(1)
    agree = (student(u + 0.1 * torch.randn_like(u)).softmax(1) - target).pow(2).mean()
    loss = supervised + min(1, step / 200) * 8 * agree
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for a, b in zip(teacher.parameters(), student.parameters()):
            a.mul_(0.98).add_(0.02 * b)
    if step % 100 == 99:
        print(
            "step",
            step + 1,
            "loss",
            loss.item(),
            "accuracy",
            (teacher(X).argmax(1) == y).float().mean().item(),
        )
