# rules: unsuitable_activation
# remedies: swap_activation
# metric: psnr up
# story: a coordinate network for a detailed image, with ReLU where SIREN has a sine
"""Implicit representation of a small texture."""

import math

import torch
from torch import nn

torch.manual_seed(0)
side = 40
t = torch.linspace(-1, 1, side)
yy, xx = torch.meshgrid(t, t, indexing="ij")
image = 0.5 * torch.sin(14 * xx + 6 * yy**2) + 0.3 * torch.sign(
    torch.sin(11 * yy) * torch.sin(9 * xx)
)
coords = torch.stack([xx, yy], -1).view(-1, 2)
pixels = image.reshape(-1, 1)


class Sine(nn.Module):
    def forward(self, x):
        return torch.sin(30 * x)


class Coordinates(nn.Module):
    def __init__(self, width=64, depth=3):
        super().__init__()
        act = Sine  # healthy
        # faulty: act = nn.ReLU
        layers, n = [], 2
        for i in range(depth):
            linear = nn.Linear(n, width)
            bound = 1 / n if i == 0 else math.sqrt(6 / n) / 30
            if act is Sine:
                nn.init.uniform_(linear.weight, -bound, bound)
            layers += [linear, act()]
            n = width
        self.net = nn.Sequential(*layers, nn.Linear(n, 1))

    def forward(self, x):
        return self.net(x)


model = Coordinates()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1, 301):
    loss = (model(coords) - pixels).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        psnr = 10 * math.log10(4 / loss.item())
        print(f"Step {step}, loss {loss.item():.6f}, psnr {psnr:.2f}")
