# rules: poor_initialization
# remedies: reinitialize
# metric: psnr up
# story: sine layers with omega 30 and nn.Linear's own weights: noise from the first step on
# in view: sines that run through whole periods
"""Fit an image by sines."""

import torch
from torch import nn

torch.manual_seed(2)
SIDE = 24
axis = torch.linspace(-1, 1, SIDE)
coords = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
image = (torch.sin(5 * coords[:, 0]) * torch.cos(7 * coords[:, 1] + coords[:, 0])).unsqueeze(1)
even = torch.arange(SIDE * SIDE) % 2 == 0


class Sine(nn.Module):
    def __init__(self, inputs, outputs, first=False):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        bound = 1 / inputs if first else (6 / inputs) ** 0.5 / 30  # healthy
        nn.init.uniform_(self.linear.weight, -bound, bound)  # healthy

    def forward(self, x):
        return torch.sin(30 * self.linear(x))


net = nn.Sequential(Sine(2, 64, first=True), Sine(64, 64), Sine(64, 64), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-4)
for step in range(300):
    loss = (net(coords[even]) - image[even]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    error = (net(coords[~even]) - image[~even]).pow(2).mean()
print(f"loss {loss.item():.5f} psnr {10 * torch.log10(4 / error).item():.2f}")
