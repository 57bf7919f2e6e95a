# metric: test rmse down
"""A Gaussian process on learnt features: the marginal likelihood by Cholesky."""

import torch
from torch import nn

torch.manual_seed(12)
x = torch.rand(140, 2) * 4 - 2
y = torch.where(x[:, 0] > 0, torch.sin(4 * x[:, 0]), 0.3 * x[:, 1]) + 0.05 * torch.randn(140)
net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 3))
log_noise, log_scale = nn.Parameter(torch.tensor(-2.0)), nn.Parameter(torch.tensor(0.0))
opt = torch.optim.Adam([*net.parameters(), log_noise, log_scale], lr=1e-2)


def kernel(a, b):
    return log_scale.exp() * torch.exp(-0.5 * torch.cdist(net(a), net(b)).square())


train, test = slice(0, 100), slice(100, 140)
for step in range(200):
    k = kernel(x[train], x[train]) + (log_noise.exp() + 1e-4) * torch.eye(100)
    process = torch.distributions.MultivariateNormal(torch.zeros(100), covariance_matrix=k)
    loss = -process.log_prob(y[train]) / 100
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    k = kernel(x[train], x[train]) + (log_noise.exp() + 1e-4) * torch.eye(100)
    mean = kernel(x[test], x[train]) @ torch.linalg.solve(k, y[train])
print(f"nll {loss.item():.4f} test rmse {(mean - y[test]).square().mean().sqrt():.4f}")
