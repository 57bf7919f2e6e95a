# batch: seventh
# metric: solution error down
"""A physics-informed net for the damped oscillator: residual and initial conditions."""

import torch
from torch import nn

torch.manual_seed(123)
d, w0 = 1.0, 6.0


def exact(t):
    w = (w0**2 - d**2) ** 0.5
    phi = torch.atan(torch.tensor(-d / w))
    return torch.exp(-d * t) * torch.cos(phi + w * t) / torch.cos(phi)


class FCN(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        act = nn.Tanh
        self.fcs = nn.Sequential(nn.Linear(1, width), act())
        self.fch = nn.Sequential(
            *[nn.Sequential(nn.Linear(width, width), act()) for _ in range(depth - 1)]
        )
        self.fce = nn.Linear(width, 1)

    def forward(self, x):
        return self.fce(self.fch(self.fcs(x)))


pinn = FCN()
t0 = torch.zeros(1, 1, requires_grad=True)
tp = torch.linspace(0, 1, 40).view(-1, 1).requires_grad_(True)
tt = torch.linspace(0, 1, 200).view(-1, 1)
optimiser = torch.optim.Adam(pinn.parameters(), lr=3e-3)
for i in range(1100):
    optimiser.zero_grad()
    u = pinn(t0)
    loss1 = (u - 1).square().squeeze()
    du = torch.autograd.grad(u, t0, torch.ones_like(u), create_graph=True)[0]
    loss2 = du.square().squeeze()
    u = pinn(tp)
    du = torch.autograd.grad(u, tp, torch.ones_like(u), create_graph=True)[0]
    d2 = torch.autograd.grad(du, tp, torch.ones_like(du), create_graph=True)[0]
    loss3 = (d2 + 2 * d * du + w0**2 * u).square().mean()
    loss = loss1 + 1e-1 * loss2 + 1e-3 * loss3
    loss.backward()
    optimiser.step()
    if i % 220 == 219:
        with torch.no_grad():
            err = (pinn(tt) - exact(tt)).square().mean().sqrt()
        print(f"step {i + 1} loss {loss.item():.5f} solution error {err.item():.4f}")
