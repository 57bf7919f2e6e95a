# batch: fourth
# metric: mse down
"""Temporal convolutional network with dilations and weight norm on the adding problem."""

import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import weight_norm

torch.manual_seed(1111)


def adding(n, length=40):
    values = torch.rand(n, 1, length)
    marks = torch.zeros(n, 1, length)
    for row in range(n):
        i, j = torch.randperm(length)[:2]
        marks[row, 0, i] = marks[row, 0, j] = 1
    return torch.cat([values, marks], 1), (values * marks).sum(2)


class TemporalBlock(nn.Module):
    def __init__(self, cin, cout, k, d):
        super().__init__()
        self.pad = (k - 1) * d
        self.conv1 = weight_norm(nn.Conv1d(cin, cout, k, padding=self.pad, dilation=d))
        self.conv2 = weight_norm(nn.Conv1d(cout, cout, k, padding=self.pad, dilation=d))
        self.down = nn.Conv1d(cin, cout, 1) if cin != cout else None
        self.relu, self.drop = nn.ReLU(), nn.Dropout(0.0)

    def forward(self, x):
        y = self.drop(self.relu(self.conv1(x)[..., : -self.pad]))
        y = self.drop(self.relu(self.conv2(y)[..., : -self.pad]))
        return self.relu(y + (x if self.down is None else self.down(x)))


tcn = nn.Sequential(*[TemporalBlock(2 if i == 0 else 24, 24, 4, 2**i) for i in range(4)])
head = nn.Linear(24, 1)
params = [*tcn.parameters(), *head.parameters()]
optimizer = torch.optim.Adam(params, lr=4e-3)
X, Y = adding(1500)
Xt, Yt = adding(200)
for epoch in range(6):
    for batch in torch.randperm(1500).split(50):
        loss = nn.functional.mse_loss(head(tcn(X[batch])[:, :, -1]), Y[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 0.5)
        optimizer.step()
    with torch.no_grad():
        test = nn.functional.mse_loss(head(tcn(Xt)[:, :, -1]), Yt).item()
    print(f"Epoch {epoch}: train {loss.item():.4f}, test mse {test:.5f}")
