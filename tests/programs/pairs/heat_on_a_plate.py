# batch: fifteenth
# rules: unsuitable_activation
# remedies: swap_activation
# metric: l2 error down
# story: a physics-informed net was given leaky ReLU, whose second derivative is nought, so that the equation itself had no gradient (arxiv.org/abs/1710.10121 and many questions on ReLU in such nets)
"""Poisson's equation on a plate that is cold at its rim."""

import torch
import torch.nn as nn

torch.manual_seed(29)
PI = torch.pi


class PINN(nn.Module):
    def __init__(self, width=48, depth=3):
        super().__init__()
        self.first = nn.Linear(2, width)
        self.middle = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.last = nn.Linear(width, 1)
        self.act = nn.Tanh()  # healthy
        # faulty: self.act = nn.LeakyReLU(0.2)

    def forward(self, x, y):
        h = self.act(self.first(torch.cat([x, y], dim=1)))
        for layer in self.middle:
            h = self.act(layer(h))
        return self.last(h) * x * (1 - x) * y * (1 - y) * 4


def source(x, y):
    return -5 * PI**2 * torch.sin(PI * x) * torch.sin(2 * PI * y)


def residual(model, x, y):
    u = model(x, y)
    du = torch.autograd.grad(u, (x, y), torch.ones_like(u), create_graph=True)
    d2 = [
        torch.autograd.grad(g, v, torch.ones_like(g), create_graph=True)[0]
        for g, v in zip(du, (x, y))
    ]
    return d2[0] + d2[1] - source(x, y)


model = PINN()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
axis = torch.linspace(0, 1, 31)
gy, gx = (t.reshape(-1, 1) for t in torch.meshgrid(axis, axis, indexing="ij"))
truth = torch.sin(PI * gx) * torch.sin(2 * PI * gy)
for epoch in range(1, 601):
    x = torch.rand(256, 1, requires_grad=True)
    y = torch.rand(256, 1, requires_grad=True)
    loss = residual(model, x, y).pow(2).mean() / 600
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 100 == 0:
        with torch.no_grad():
            error = ((model(gx, gy) - truth).norm() / truth.norm()).item()
        print(f"Epoch {epoch}, Loss: {loss.item():.6f}, L2 error: {error:.4f}")
