# batch: sixth
# metric: test rmse down
"""Kolmogorov-Arnold network: a spline on every edge, piecewise linear hats on a grid, plus SiLU."""

import torch
import torch.nn as nn

torch.manual_seed(61)


class KANLayer(nn.Module):
    def __init__(self, n_in, n_out, grid=9):
        super().__init__()
        self.register_buffer("knots", torch.linspace(-2, 2, grid))
        self.step = 4 / (grid - 1)
        self.coef = nn.Parameter(torch.randn(n_in, grid, n_out) * 0.05)
        self.base = nn.Parameter(torch.randn(n_in, n_out) / n_in**0.5)

    def forward(self, x):
        hats = torch.relu(1 - (x.unsqueeze(-1) - self.knots).abs() / self.step)
        return torch.einsum("big,igo->bo", hats, self.coef) + nn.functional.silu(x) @ self.base


def f(v):
    return torch.exp(torch.sin(3.14 * v[:, 0]) + v[:, 1] ** 2) / 3


kan = nn.Sequential(KANLayer(2, 8), KANLayer(8, 1))
opt = torch.optim.Adam(kan.parameters(), lr=0.02)
for step in range(400):
    v = torch.rand(128, 2) * 2 - 1
    loss = (kan(v).squeeze(1) - f(v)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        v = torch.rand(1000, 2) * 2 - 1
        print("step", step + 1, "test rmse", (kan(v).squeeze(1) - f(v)).pow(2).mean().sqrt().item())
