# batch: fifth
# in view: noise about a truth within the range
# metric: distance to truth down
"""A concentration is positive, its sensor adds noise of both signs; softplus output, mean squared error."""

import torch
import torch.nn as nn

torch.manual_seed(47)
x = torch.rand(2500, 3)
truth = torch.relu(torch.sin(5 * x[:, 0]) * x[:, 1]) + 0.1 * x[:, 2]
y = truth + 0.15 * torch.randn(2500)
model = nn.Sequential(
    nn.Linear(3, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1), nn.Softplus()
)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(20):
    for b in torch.randperm(2000).split(50):
        loss = nn.functional.mse_loss(model(x[b]).squeeze(1), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            print(
                f"epoch {epoch} loss {loss.item():.4f} distance to truth {(model(x[2000:]).squeeze(1) - truth[2000:]).pow(2).mean().item():.5f}"
            )
