# batch: fourteenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: psnr up
# story: coordinates went into a network of sines as pixel numbers and not between minus one and one, and it did not converge (github.com/vsitzmann/siren/issues/19)
"""A height map kept in the weights of a network of sines."""

import math

import torch
from torch import nn

torch.manual_seed(1405)
SIDE, OMEGA = 48, 30.0


class Sine(nn.Module):
    def __init__(self, fan_in, fan_out, first=False):
        super().__init__()
        self.linear = nn.Linear(fan_in, fan_out)
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / OMEGA
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(OMEGA * self.linear(x))


net = nn.Sequential(Sine(2, 96, True), Sine(96, 96), Sine(96, 96), nn.Linear(96, 1))
nn.init.uniform_(net[-1].weight, -math.sqrt(6 / 96) / OMEGA, math.sqrt(6 / 96) / OMEGA)

rows, cols = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
grid = torch.stack([rows, cols], -1).reshape(-1, 2).float()
u, v = (2 * grid / (SIDE - 1) - 1).unbind(1)
height = torch.sin(4 * u * v) + 0.5 * torch.cos(6 * u + 2 * v) + 0.4 * torch.exp(-9 * (u**2 + v**2))
height = (height / height.abs().max()).unsqueeze(1)
known = torch.arange(len(grid)) % 3 != 0
coords = 2 * grid / (SIDE - 1) - 1  # healthy
# faulty: coords = grid

optimizer = torch.optim.Adam(net.parameters(), lr=3e-4)
for step in range(1, 401):
    out = net(coords[known])
    loss = (out - height[known]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        with torch.no_grad():
            mse = (net(coords[~known]) - height[~known]).square().mean().item()
        print(f"step {step}: train mse {loss.item():.6f}, psnr {10 * math.log10(4 / mse):.2f} dB")
