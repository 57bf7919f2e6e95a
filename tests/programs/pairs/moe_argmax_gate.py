# batch: second
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test mse down
# story: the router picks an expert by argmax alone; nothing flows back to it, and it never learns to route
"""Mixture of small experts on a function in pieces."""

import torch
import torch.nn as nn

torch.manual_seed(14)


def target(x):
    k = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    slopes = torch.tensor([[1.0, 2.0], [-3.0, 1.0], [2.0, -2.0], [-1.0, -3.0]])[k]
    return (slopes * x).sum(1, keepdim=True) + k[:, None].float()


class Router(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, n))

    def forward(self, x):
        logits = self.net(x)
        return torch.softmax(logits, -1)  # healthy
        # faulty: return nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).float()


class MoE(nn.Module):
    def __init__(self, n=6):
        super().__init__()
        self.router = Router(n)
        self.experts = nn.ModuleList([nn.Linear(2, 1) for _ in range(n)])

    def forward(self, x):
        weight = self.router(x)
        out = torch.stack([e(x) for e in self.experts], -1)
        return (out * weight[:, None, :]).sum(-1)


x_test = torch.rand(1000, 2) * 2 - 1
y_test = target(x_test)
model = MoE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(800):
    x = torch.rand(64, 2) * 2 - 1
    loss = nn.functional.mse_loss(model(x), target(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 200 == 199:
        with torch.no_grad():
            print(
                step + 1, "test mse", f"{nn.functional.mse_loss(model(x_test), y_test).item():.4f}"
            )
