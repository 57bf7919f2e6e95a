# batch: seventh
# metric: sdf error down
"""SIREN fitted to the signed distance of two discs, with an eikonal term."""

import math

import torch
from torch import nn


class SineLayer(nn.Module):
    def __init__(self, n_in, n_out, is_first=False, omega=30.0):
        super().__init__()
        self.omega, self.linear = omega, nn.Linear(n_in, n_out)
        bound = 1 / n_in if is_first else math.sqrt(6 / n_in) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


class Siren(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            SineLayer(2, 64, True, 10.0), SineLayer(64, 64), SineLayer(64, 64), nn.Linear(64, 1)
        )
        bound = math.sqrt(6 / 64) / 30
        nn.init.uniform_(self.net[-1].weight, -bound, bound)

    def forward(self, p):
        return self.net(p)


def sdf(p):
    a = (p - torch.tensor([0.3, 0.2])).norm(dim=1, keepdim=True) - 0.3
    b = (p + torch.tensor([0.4, 0.3])).norm(dim=1, keepdim=True) - 0.2
    return torch.minimum(a, b)


torch.manual_seed(4)
net = Siren()
optim = torch.optim.Adam(net.parameters(), lr=5e-4)
for step in range(350):
    p = (torch.rand(256, 2) * 2 - 1).requires_grad_()
    out = net(p)
    grad = torch.autograd.grad(out.sum(), p, create_graph=True)[0]
    data = (out - sdf(p.detach())).abs().mean()
    loss = data + 0.02 * (grad.norm(dim=1) - 1).square().mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    if step % 70 == 69:
        with torch.no_grad():
            q = torch.rand(1000, 2) * 2 - 1
            err = (net(q) - sdf(q)).abs().mean()
        print(f"step {step + 1} loss {loss.item():.4f} sdf error {err.item():.4f}")
