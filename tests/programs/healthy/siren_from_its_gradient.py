# batch: eleventh
# metric: gradient error down
"""A SIREN that is shown only the slopes of a surface and never its height."""

import math

import torch
from torch import nn

torch.manual_seed(1141)


class Sine(nn.Module):
    def forward(self, x):
        return torch.sin(20 * x)


def siren(width=64):
    layers = [nn.Linear(2, width), Sine(), nn.Linear(width, width), Sine()]
    layers += [nn.Linear(width, width), Sine(), nn.Linear(width, 1)]
    with torch.no_grad():
        layers[0].weight.uniform_(-1 / 2, 1 / 2)
        for m in layers[2:]:
            if isinstance(m, nn.Linear):
                b = math.sqrt(6 / width) / 20
                m.weight.uniform_(-b, b)
    return nn.Sequential(*layers)


def slopes(p):
    u, v = p[:, 0], p[:, 1]
    return torch.stack(
        [
            4 * torch.cos(4 * u) * torch.cos(3 * v),
            -3 * torch.sin(4 * u) * torch.sin(3 * v) + 2 * torch.cos(6 * v),
        ],
        1,
    )


net = siren()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
test = torch.rand(1000, 2) * 2 - 1


def gradient(p, train):
    p = p.clone().requires_grad_()
    return torch.autograd.grad(net(p).sum(), p, create_graph=train)[0]


for step in range(1, 501):
    p = torch.rand(256, 2) * 2 - 1
    loss = (gradient(p, True) - slopes(p)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        error = (gradient(test, False) - slopes(test)).pow(2).mean().item()
        print(f"step {step} loss {loss.item():.5f} gradient error {error:.5f}")
