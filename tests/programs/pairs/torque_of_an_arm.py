# batch: twelfth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val r2 up
# story: an own layer kept its weights as plain tensors, which no module knows and no optimiser of parameters() moves (codcompass.com/en/kb/pytorch-for-neural-networks-part-2-initializing-weights-and-biases-720132)
"""Inverse dynamics: joint angles and speeds of an arm in, torque out."""

import math

import torch
from torch import nn


class Dense(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        weight = torch.empty(n_in, n_out).uniform_(-bound, bound)
        bias = torch.zeros(n_out)
        self.weight = nn.Parameter(weight)  # healthy
        self.bias = nn.Parameter(bias)  # healthy
        # faulty: self.weight = weight.requires_grad_()
        # faulty: self.bias = bias.requires_grad_()

    def forward(self, x):
        return x @ self.weight + self.bias


class Dynamics(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.first = Dense(6, width)
        self.second = Dense(width, width)
        self.third = Dense(width, width)
        self.readout = nn.Linear(width, 2)

    def forward(self, state):
        h = torch.tanh(self.first(state))
        h = torch.tanh(self.second(h))
        h = torch.tanh(self.third(h))
        return self.readout(h)


def simulate(n):
    q1, q2, v1, v2, a1, a2 = torch.empty(6, n).uniform_(-2, 2)
    t1 = (1.5 + torch.cos(q2)) * a1 + 0.5 * a2 - torch.sin(q2) * v2 * v1 + 2 * torch.sin(q1)
    t2 = 0.5 * a1 + 0.6 * a2 + torch.sin(q2) * v1**2 + torch.sin(q1 + q2)
    return torch.stack([q1, q2, v1, v2, a1, a2], 1), torch.stack([t1, t2], 1) / 3


torch.manual_seed(44)
x, y = simulate(4000)
vx, vy = simulate(1000)
model = Dynamics()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(1, 16):
    for idx in torch.randperm(4000).chunk(60):
        loss = ((model(x[idx]) - y[idx]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 3 == 0:
        with torch.no_grad():
            r2 = 1 - ((model(vx) - vy) ** 2).sum() / ((vy - vy.mean(0)) ** 2).sum()
        print(f"epoch {epoch} | loss {loss.item():.4f} | val r2 {r2.item():.4f}")
