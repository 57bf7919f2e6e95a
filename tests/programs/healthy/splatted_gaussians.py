# batch: ninth
# metric: l1 down
"""Fit a picture by a hundred Gaussians: bare tensors, a rate for each kind of them."""

import math

import torch

torch.manual_seed(934)
S = 24
yy, xx = torch.meshgrid(torch.linspace(0, 1, S), torch.linspace(0, 1, S), indexing="ij")
picture = torch.stack(
    [((xx - 0.5) ** 2 + (yy - 0.5) ** 2 < 0.1).float(), yy, 0.5 + 0.5 * torch.sin(8 * xx)], -1
)
n = 100
place = torch.rand(n, 2, requires_grad=True)
size = torch.full((n, 2), math.log(0.06), requires_grad=True)
opacity = torch.full((n,), -2.0, requires_grad=True)
colour = torch.zeros(n, 3, requires_grad=True)
opt = torch.optim.Adam(
    [
        {"params": [place], "lr": 2e-3},
        {"params": [size], "lr": 1e-2},
        {"params": [opacity], "lr": 5e-2},
        {"params": [colour], "lr": 2e-2},
    ],
    eps=1e-15,
)


def render():
    dx = (xx[..., None] - place[:, 0]) / size[:, 0].exp()
    dy = (yy[..., None] - place[:, 1]) / size[:, 1].exp()
    alpha = torch.sigmoid(opacity) * torch.exp(-0.5 * (dx**2 + dy**2))
    through = torch.cumprod(1 - alpha + 1e-6, -1)
    through = torch.cat([torch.ones(S, S, 1), through[..., :-1]], -1)
    return (alpha * through) @ torch.sigmoid(colour)


for it in range(1, 401):
    loss = (render() - picture).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 50 == 0:
        print("iter", it, "l1", loss.item())
