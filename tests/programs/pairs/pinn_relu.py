# rules: unsuitable_activation
# remedies: swap_activation
# metric: l2 error down
# story: a physics-informed network with ReLU: its second derivative is zero almost everywhere
"""PINN: u'' = -pi^2 sin(pi x) on [-1, 1], u(-1) = u(1) = 0."""

import math

import torch
from torch import nn

torch.manual_seed(0)


class PINN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, 32),
            nn.Tanh(),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(32, 32),
            nn.Tanh(),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(32, 1),
        )

    def forward(self, x):
        return self.net(x)


def residual(model, x):
    x.requires_grad_(True)
    u = model(x)
    du = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]
    ddu = torch.autograd.grad(
        du, x, torch.ones_like(du), create_graph=True, materialize_grads=True
    )[0]
    return ddu + math.pi**2 * torch.sin(math.pi * x)


model = PINN()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
edge = torch.tensor([[-1.0], [1.0]])
for it in range(600):
    x = torch.rand(64, 1) * 2 - 1
    pde = residual(model, x).pow(2).mean()
    bc = model(edge).pow(2).mean()
    loss = pde + 10 * bc
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 150 == 0:
        print(f"it {it} loss {loss.item():.4e} pde {pde.item():.4e} bc {bc.item():.4e}")
grid = torch.linspace(-1, 1, 101).unsqueeze(1)
with torch.no_grad():
    err = (model(grid) - torch.sin(math.pi * grid)).norm() / torch.sin(math.pi * grid).norm()
print(f"l2 error {err.item():.4f}")
