# batch: eighth
# metric: nmse down
"""LISTA: eight unrolled steps of soft thresholding with learnt matrices recover sparse codes."""

import torch
from torch import nn

torch.manual_seed(866)
A = torch.randn(20, 40) / 20**0.5


def sparse(n):
    z = torch.randn(n, 40) * (torch.rand(n, 40) < 0.08)
    return z @ A.T + 0.01 * torch.randn(n, 20), z


class Lista(nn.Module):
    def __init__(self, steps=8):
        super().__init__()
        step = 1 / torch.linalg.matrix_norm(A, 2) ** 2
        self.W = nn.Parameter(step * A.T)
        self.S = nn.Parameter(torch.eye(40) - step * A.T @ A)
        self.theta = nn.Parameter(torch.full((steps,), 0.05))

    def forward(self, y):
        z = torch.zeros(len(y), 40)
        for th in self.theta:
            u = y @ self.W.T + z @ self.S.T
            z = u.sign() * torch.relu(u.abs() - th)
        return z


net = Lista()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for it in range(600):
    y, z = sparse(100)
    loss = (net(y) - z).square().sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 120 == 119:
        y, z = sparse(1000)
        print(
            it + 1,
            "loss",
            loss.item(),
            "nmse",
            ((net(y) - z).square().sum() / z.square().sum()).item(),
        )
