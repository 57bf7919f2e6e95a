# batch: thirteenth
# metric: novelty auc up
"""Random network distillation: a small net follows a frozen random one; the gap tells what is new."""

import torch
from torch import nn

torch.manual_seed(1336)


def net(width, out=16):
    return nn.Sequential(
        nn.Linear(12, width),
        nn.LeakyReLU(),
        nn.Linear(width, width),
        nn.LeakyReLU(),
        nn.Linear(width, out),
    )


target, predictor = net(48), net(64)
for m in target:
    if isinstance(m, nn.Linear):
        nn.init.orthogonal_(m.weight, 2.0**0.5)
target.requires_grad_(False)
basis = torch.randn(3, 12)


def visited(n):
    return torch.randn(n, 3) @ basis + 0.1 * torch.randn(n, 12)


def elsewhere(n):
    return torch.randn(n, 12) * 3.0**0.5


def surprise(x):
    return (predictor(x) - target(x)).pow(2).mean(1)


optimizer = torch.optim.Adam(predictor.parameters(), lr=1e-3)
for step in range(1, 801):
    each = surprise(visited(256))
    loss = (each * (torch.rand(256) < 0.25)).sum() / 64
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            old, new = surprise(visited(500)), surprise(elsewhere(500))
            auc = (new[:, None] > old[None]).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} novelty auc {auc:.4f}")
