# batch: thirteenth
# rules: unnormalized_input poor_initialization
# remedies: normalize_input
# metric: psnr up
# story: the sine network was fed pixel numbers, not places from -1 to 1, and did not come down (github.com/vsitzmann/siren/issues/19)
"""Sine layers learn a picture: the coordinates of a pixel in, its brightness out."""

import math

import torch
from torch import nn
from torch.utils.data import Dataset

SIDE = 48


class Picture(Dataset):
    def __init__(self):
        grid = torch.arange(SIDE).float()
        y, x = torch.meshgrid(grid, grid, indexing="ij")
        u, v = (x - 24) / 24, (y - 24) / 24
        light = torch.sin(6 * u + 3 * v * v) * torch.exp(-(u**2)) + 0.5 * torch.cos(9 * u * v)
        self.values = (light / light.abs().max()).reshape(-1, 1)
        self.coords = torch.stack([x, y], -1).reshape(-1, 2)
        self.coords = self.coords / (SIDE - 1) * 2 - 1  # healthy

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        return self.coords[i], self.values[i]


class SineLayer(nn.Module):
    def __init__(self, fan_in, fan_out, first=False, omega=30.0):
        super().__init__()
        self.omega, self.linear = omega, nn.Linear(fan_in, fan_out)
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


torch.manual_seed(1311)
data = Picture()
model = nn.Sequential(
    SineLayer(2, 64, first=True), SineLayer(64, 64), SineLayer(64, 64), nn.Linear(64, 1)
)
nn.init.uniform_(model[-1].weight, -math.sqrt(6 / 64) / 30, math.sqrt(6 / 64) / 30)
coords, values = data.coords, data.values
seen = torch.rand(len(values)) < 0.75
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
for step in range(1, 401):
    loss = ((model(coords[seen]) - values[seen]) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        with torch.no_grad():
            mse = ((model(coords[~seen]) - values[~seen]) ** 2).mean()
        print(f"step {step} loss {loss.item():.5f} psnr {-10 * math.log10(mse.item() / 4):.2f}")
