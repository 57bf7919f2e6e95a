# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: mae down
# story: a unix time stamp among the features, in seconds
"""Demand forecast from a time stamp, temperature and weekday."""

import torch
from torch import nn

torch.manual_seed(0)
n = 2000
stamp = 1.6e9 + 3600 * torch.randperm(n).double()
hour = (stamp / 3600) % 24
temperature = 10 + 8 * torch.randn(n)
weekday = ((stamp / 86400).floor() % 7).float()
demand = (
    torch.sin(hour.float() / 24 * 6.283) + 0.08 * (temperature - 10) - 0.4 * (weekday > 4).float()
)
X = torch.stack([stamp.float(), hour.float(), temperature, weekday], 1)
X = (X - X[:1600].mean(0)) / X[:1600].std(0)  # healthy
y = demand.unsqueeze(1)
model = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(15):
    total = 0.0
    for b in torch.randperm(1600).split(80):
        loss = nn.functional.l1_loss(model(X[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    if (epoch + 1) % 5 == 0:
        with torch.no_grad():
            mae = nn.functional.l1_loss(model(X[1600:]), y[1600:]).item()
        print(f"{epoch + 1:3d}: train {total / 20:.4f} mae {mae:.4f}")
