# batch: seventh
# rules: non_finite unnormalized_input
# remedies: normalize_input stabilize_loss clip_gradients lower_learning_rate
# metric: deviance down
# story: the rate is exp of a linear end and the exposures reach ten thousands
"""Claim counts: Poisson regression by a small net with its own likelihood."""

import torch
from torch import nn

torch.manual_seed(14)
n = 1200
km = torch.empty(n).log_normal_(9.0, 0.6)
age = torch.randint(18, 80, (n,)).float()
power = torch.randint(40, 200, (n,)).float()
X = torch.stack([km, age, power], 1)
rate = torch.exp(0.5 * (km.log() - 9) + 0.02 * (40 - age).abs() + power / 300 - 0.5)
y = torch.poisson(rate)
X = (X - X.mean(0)) / X.std(0)  # healthy
model = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.RMSprop(model.parameters(), lr=2e-3)


def deviance(mu, y):
    return 2 * (y * torch.log((y + 1e-9) / mu) - (y - mu)).mean()


for epoch in range(15):
    for idx in torch.randperm(1000).split(40):
        mu = torch.exp(model(X[idx]).squeeze(1))
        loss = (mu - y[idx] * torch.log(mu)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        dev = deviance(torch.exp(model(X[1000:]).squeeze(1)), y[1000:])
    print(f"epoch {epoch} loss {loss.item():.4f} deviance {dev.item():.4f}")
