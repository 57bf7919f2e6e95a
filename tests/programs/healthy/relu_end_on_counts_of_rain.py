# batch: fifteenth
# metric: mae down
"""Millimetres of rain, never below nought and most days nought: a ReLU at the end fits."""

import torch
import torch.nn as nn

torch.manual_seed(17)
n = 3000
x = torch.randn(n, 6)
mm = torch.relu(2 * x[:, 0] + x[:, 1] * x[:, 2] - 1.2) + 0.0
y = mm * (1 + 0.1 * torch.randn(n))
net = nn.Sequential(
    nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.ReLU()
)
nn.init.constant_(net[4].bias, 0.5)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(20):
    for rows in torch.randperm(2500).split(50):
        loss = (net(x[rows]).squeeze(1) - y[rows]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 3:
        with torch.no_grad():
            mae = (net(x[2500:]).squeeze(1) - y[2500:]).abs().mean().item()
        print(f"epoch {epoch + 1} mse {loss.item():.4f} mae {mae:.4f}")
