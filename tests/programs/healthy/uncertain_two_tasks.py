# metric: mae down
"""Two tasks with learnt weights; a regression's likelihood that goes below zero."""

import torch
from torch import nn

torch.manual_seed(9)
x = torch.rand(1200, 6) * 2 - 1
value = torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.02 * torch.randn(1200)
kind = ((x[:, 3] > 0) ^ (x[:, 4] > 0)).float()
trunk = nn.Sequential(nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
regress, classify = nn.Linear(64, 2), nn.Linear(64, 1)
weights = nn.Parameter(torch.zeros(2))
params = [*trunk.parameters(), *regress.parameters(), *classify.parameters(), weights]
opt = torch.optim.Adam(params, lr=3e-3)
for epoch in range(40):
    for rows in torch.randperm(1000).split(50):
        h = trunk(x[rows])
        mean, log_var = regress(h).unbind(1)
        nll = 0.5 * (log_var + (value[rows] - mean) ** 2 * (-log_var).exp()).mean()
        bce = nn.functional.binary_cross_entropy_with_logits(classify(h)[:, 0], kind[rows])
        loss = (torch.stack([nll, bce]) * (-weights).exp() + weights).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    h = trunk(x[1000:])
    mae = (regress(h)[:, 0] - value[1000:]).abs().mean()
print(f"total {loss.item():.4f} mae {mae:.4f}")
