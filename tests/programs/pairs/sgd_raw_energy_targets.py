# batch: third
# rules: learning_rate_too_high exploding_gradient non_finite
# remedies: lower_learning_rate clip_gradients
# metric: relative error down
# story: the targets are energies in joule, around 3000; the squared error's gradient throws the weights out
"""Regress energies by an MLP, plain SGD."""

import torch
from torch import nn

torch.manual_seed(5)
x = torch.randn(1500, 5)
energy = 3000 + 400 * (x[:, 0] ** 2 - 1) + 300 * x[:, 1] * x[:, 2] + 200 * x[:, 3]
centre, scale = energy.mean(), energy.std()
model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
y = (energy - centre) / scale  # healthy
# faulty: y, centre, scale = energy, 0.0, 1.0
for epoch in range(25):
    for rows in torch.randperm(1200).split(40):
        loss = nn.functional.mse_loss(model(x[rows])[:, 0], y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 6 == 0:
        with torch.no_grad():
            error = model(x[1200:])[:, 0] * scale + centre - energy[1200:]
        print(
            f"epoch {epoch} loss {loss.item():.4g} relative error {(error.norm() / (energy[1200:] - energy.mean()).norm()).item():.4f}"
        )
