# batch: sixteenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: test_mse down
# story: in a regression of values on both sides of nought the last layer had the activation of the others, and in most runs the loss stayed at one value (community.deeplearning.ai/t/loss-values-do-not-change/324182)
"""Height of the water at a pier, above or below the mean, from the hour and the moon."""

import argparse

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--hidden", type=int, nargs="+", default=[64, 64])
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--seed", type=int, default=3)
args = parser.parse_args()
torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)


class Regressor(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        sizes = [n_in, *hidden, 1]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:  # healthy
            x = torch.relu(layer(x))  # healthy
        return self.layers[-1](x).squeeze(-1)  # healthy
        # faulty: for layer in self.layers:
        # faulty:     x = torch.relu(layer(x))
        # faulty: return x.squeeze(-1)


hours = rng.uniform(0, 24 * 60, 3000)
moon, sun, wind = 2 * np.pi * hours / 24.84, 2 * np.pi * hours / 24, rng.normal(0, 1, 3000)
height = 1.4 * np.cos(2 * moon) + 0.5 * np.cos(2 * sun) + 0.3 * np.sin(moon) + 0.25 * wind
height = height - 0.3 + rng.normal(0, 0.1, 3000)
features = np.stack([np.cos(moon), np.sin(moon), np.cos(sun), np.sin(sun), wind], 1)
x = torch.tensor(features, dtype=torch.float32)
y = torch.tensor(height, dtype=torch.float32)
x_train, y_train, x_test, y_test = x[:2400], y[:2400], x[2400:], y[2400:]

model = Regressor(5, args.hidden)
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=args.lr)
for epoch in range(1, args.epochs + 1):
    order = torch.randperm(len(x_train))
    for start in range(0, len(order), 32):
        pick = order[start : start + 32]
        loss = loss_fn(model(x_train[pick]), y_train[pick])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            print(f"epoch {epoch:3d}  test_mse {loss_fn(model(x_test), y_test).item():.4f}")
