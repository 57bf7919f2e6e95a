# metric: val nll down
"""Poisson regression of counts; softplus keeps the rate positive."""

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(2000, 4)
rate = torch.exp(0.8 * torch.sin(2 * X[:, 0]) + 0.5 * X[:, 1] * X[:, 2])
Y = torch.poisson(rate)
net = nn.Sequential(
    nn.Linear(4, 48), nn.Mish(), nn.Linear(48, 48), nn.Mish(), nn.Linear(48, 1), nn.Softplus()
)
criterion = nn.PoissonNLLLoss(log_input=False)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(10):
    for b in torch.randperm(1600).split(50):
        loss = criterion(net(X[b]).squeeze(1), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        val = criterion(net(X[1600:]).squeeze(1), Y[1600:]).item()
    print(f"epoch {epoch} train nll {loss.item():.4f} val nll {val:.4f}")
