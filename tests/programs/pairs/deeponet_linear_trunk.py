# batch: second
# rules: missing_activation
# remedies: add_activation
# metric: rel_l2 down
# story: the helper that builds both nets appends layers in a loop and forgot the activation
"""DeepONet: from a function's samples to its antiderivative."""

import torch
import torch.nn as nn

torch.manual_seed(9)
M = 32
grid = torch.linspace(0, 1, M)


def functions(n):
    a, k, p = torch.randn(n, 3), torch.rand(n, 3) * 6, torch.rand(n, 3) * 6.28
    u = (a[..., None] * torch.sin(k[..., None] * grid + p[..., None])).sum(1)
    out = torch.cumsum(u, 1) / M
    return u, out


def mlp(sizes):
    layers = []
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(sizes) - 2:  # healthy
            layers.append(nn.Tanh())  # healthy
    return nn.Sequential(*layers)


class DeepONet(nn.Module):
    def __init__(self, p=32):
        super().__init__()
        self.branch = mlp([M, 64, 64, p])
        self.trunk = mlp([1, 64, 64, p])
        self.b0 = nn.Parameter(torch.zeros(()))

    def forward(self, u, y):
        return self.branch(u) @ self.trunk(y).T + self.b0


model = DeepONet()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 200, 0.5)
u_test, s_test = functions(300)
for it in range(600):
    u, s = functions(64)
    loss = (model(u, grid[:, None]) - s).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 100 == 99:
        with torch.no_grad():
            rel = (model(u_test, grid[:, None]) - s_test).norm() / s_test.norm()
        print(f"iter {it + 1}  loss {loss.item():.3e}  rel_l2 {rel.item():.4f}")
