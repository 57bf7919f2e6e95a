# batch: seventeenth
# metric: acc up
"""Two clouds of points in two squares, told apart by two sigmoid units and one more."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(50)
low = rng.uniform(0.2, 0.4, (200, 2))
high = rng.uniform(0.5, 0.7, (200, 2))
x = torch.tensor(np.concatenate([low, high]), dtype=torch.float32)
y = torch.cat([torch.zeros(200, 1), torch.ones(200, 1)])

torch.manual_seed(50)
model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
adam = torch.optim.Adam(model.parameters(), lr=0.03)
for epoch in range(1, 101):
    for idx in torch.randperm(400).split(32):
        loss = nn.functional.binary_cross_entropy(model(x[idx]), y[idx])
        adam.zero_grad()
        loss.backward()
        adam.step()
    if epoch % 20 == 0:
        with torch.no_grad():
            acc = ((model(x) > 0.5) == (y > 0.5)).float().mean().item()
        print(f"Epoch {epoch}/100 loss: {loss.item():.4f} acc: {acc:.4f}")
