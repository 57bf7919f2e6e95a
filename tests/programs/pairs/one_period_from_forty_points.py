# batch: seventeenth
# in view: an adaptive rate two decades below the usual one as a cause beside another
# rules: missing_activation learning_rate_too_low
# remedies: add_activation raise_learning_rate
# metric: mse down
# story: one hidden layer without an activation and Adam at a hundred-thousandth crept towards a straight line through points of a sine (stats.stackexchange.com/q/387150)
"""A multilayer perceptron through noisy points of a sine."""

import math

import torch
from torch import nn

torch.manual_seed(38)
xs = torch.linspace(-1, 1, 40).unsqueeze(1)
ys = torch.sin(math.pi * xs) + 0.05 * torch.randn(40, 1)

mlp = nn.Sequential(
    nn.Linear(1, 20),
    nn.Tanh(),  # healthy
    nn.Linear(20, 1),
)
adam = torch.optim.Adam(mlp.parameters(), lr=1e-2)  # healthy
# faulty: adam = torch.optim.Adam(mlp.parameters(), lr=1e-5)
for step in range(3000):
    error = nn.functional.mse_loss(mlp(xs), ys)
    adam.zero_grad()
    error.backward()
    adam.step()
    if (step + 1) % 500 == 0:
        print(f"step {step + 1}: mse = {error.item():.5f}")
