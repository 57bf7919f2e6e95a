# rules: symmetric_initialization poor_initialization frozen_parameters
# remedies: reinitialize
# metric: adapted accuracy up
# story: both LoRA factors start at zero, so that neither ever gets a gradient
"""Pretrain on digits, adapt to inverted digits with LoRA."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class LoRALinear(nn.Module):
    def __init__(self, linear, r=6, alpha=12):
        super().__init__()
        self.linear = linear
        for p in self.linear.parameters():
            p.requires_grad_(False)
        std = linear.in_features**-0.5  # healthy
        # faulty: std = 0.0
        self.A = nn.Parameter(std * torch.randn(r, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, r))
        self.scale = alpha / r

    def forward(self, x):
        return self.linear(x) + self.scale * (x @ self.A.T @ self.B.T)


def train(model, inputs, steps, lr):
    opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    for step in range(steps):
        i = torch.randint(0, 1400, (64,))
        loss = F.cross_entropy(model(inputs[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


def accuracy(model, inputs):
    with torch.no_grad():
        return (model(inputs[1400:]).argmax(1) == y[1400:]).float().mean().item()


net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
print("pretrain loss", train(net, X, 200, 2e-3), "accuracy", accuracy(net, X))
for k in (0, 2, 4):
    net[k] = LoRALinear(net[k])
print("adapt loss", train(net, 1 - X, 300, 5e-3))
print("adapted accuracy", accuracy(net, 1 - X))
