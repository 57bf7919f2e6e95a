# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test mse down
# story: functional_call with copies of the parameters; the optimiser steps the originals
"""Regression by functional_call."""

import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(20)
x = torch.rand(800, 4) * 2 - 1
y = (x[:, :1] * x[:, 1:2] + torch.sin(3 * x[:, 2:3])) * 2
net = nn.Sequential(nn.Linear(4, 48), nn.Softplus(), nn.Linear(48, 48), nn.Softplus(), nn.Linear(48, 1))  # fmt: skip
weights = dict(net.named_parameters())  # healthy
# faulty: weights = {k: p.detach().clone().requires_grad_() for k, p in net.named_parameters()}
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(40):
    for rows in torch.randperm(600).split(60):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(functional_call(net, weights, (x[rows],)), y[rows])
        loss.backward()
        optimizer.step()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1} loss {loss.item():.4f}")
with torch.no_grad():
    print(f"test mse {nn.functional.mse_loss(functional_call(net, weights, (x[600:],)), y[600:]):.5f}")  # fmt: skip
