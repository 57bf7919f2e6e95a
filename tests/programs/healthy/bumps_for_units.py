# batch: fourteenth
# metric: psnr up
"""A picture by a net whose units are narrow bumps: nearly all of them are silent at any place."""

import math

import torch
from torch import nn

torch.manual_seed(1456)


class Bump(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.exp(-0.5 * x * x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return -x * y * grad


class Net(nn.Module):
    def __init__(self, width=128, narrow=12.0):
        super().__init__()
        self.first, self.second = nn.Linear(2, width), nn.Linear(width, width)
        self.out, self.narrow = nn.Linear(width, 1), narrow
        nn.init.uniform_(self.first.weight, -1, 1)
        nn.init.uniform_(self.first.bias, -1, 1)

    def forward(self, x):
        x = Bump.apply(self.narrow * self.first(x))
        return self.out(Bump.apply(3 * self.second(x)))


axis = torch.linspace(-1, 1, 48)
v, u = torch.meshgrid(axis, axis, indexing="ij")
grid = torch.stack([u, v], -1).reshape(-1, 2)
picture = torch.sin(9 * u * v + 3 * u) * (u.square() + v.square() < 0.8) + 0.3 * torch.cos(7 * v)
target = picture.reshape(-1, 1)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(1, 501):
    rows = torch.randint(len(grid), (512,))
    loss = (net(grid[rows]) - target[rows]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            mse = (net(grid) - target).square().mean().item()
        print(f"step {step} loss {loss.item():.5f} psnr {10 * math.log10(4 / mse):.2f}")
