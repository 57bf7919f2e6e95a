# batch: fourteenth
# rules: unsuitable_activation
# remedies: swap_activation
# metric: relative error down
# story: cubes of ReLUs, which do for equations of second order, were taken over to one of fourth order, where their derivative is nought (arxiv.org/abs/1710.00211 has the cubes; a common slip with derivatives of a higher order)
"""A clamped beam under a load along it: EI w'''' = q, by a physics-informed network."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.hidden, self.out = nn.Linear(1, width), nn.Linear(width, 1)

    @staticmethod
    def phi(z):
        return torch.tanh(z)  # healthy
        # faulty: return torch.relu(z) ** 3

    def forward(self, x):
        return 16 * x**2 * (1 - x) ** 2 * self.out(self.phi(self.hidden(x)))


def exact(x):
    return 16 * x**2 * (1 - x) ** 2 * torch.sin(3 * x)


def derivative(y, x, order):
    for _ in range(order):
        y = torch.autograd.grad(y.sum(), x, create_graph=True)[0]
    return y


torch.manual_seed(1420)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
s = torch.linspace(0, 1, 101, dtype=torch.float64).unsqueeze(1).requires_grad_()
load = derivative(exact(s), s, 4).detach().float()
points = s.detach().float()
scale = load.abs().max()
for epoch in range(1, 1201):
    rows = torch.randint(101, (32,))
    x = points[rows].clone().requires_grad_()
    residual = (derivative(net(x), x, 4) - load[rows]) / scale
    loss = residual.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 200 == 0:
        with torch.no_grad():
            e = (net(points) - exact(points)).norm() / exact(points).norm()
        print(f"epoch {epoch} residual {loss.item():.3e} relative error {e.item():.4e}")
