# batch: sixteenth
# rules: unnormalized_input poor_initialization
# remedies: normalize_input reinitialize
# metric: psnr up
# story: a net of sines diverged on a problem of someone's own until the places were brought between -1 and 1 (github.com/vsitzmann/siren/issues/19)
"""An image as a function of the place, sine layers."""

import math

import torch
from torch import nn


class SineLayer(nn.Module):
    def __init__(self, n_in, n_out, is_first=False, omega_0=30.0):
        super().__init__()
        self.omega_0 = omega_0
        self.linear = nn.Linear(n_in, n_out)
        bound = 1 / n_in if is_first else math.sqrt(6 / n_in) / omega_0
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega_0 * self.linear(x))


class Siren(nn.Module):
    def __init__(self, hidden=64, depth=3):
        super().__init__()
        layers = [SineLayer(2, hidden, is_first=True)]
        layers += [SineLayer(hidden, hidden) for _ in range(depth - 1)]
        self.net = nn.Sequential(*layers)
        self.final = nn.Linear(hidden, 1)
        bound = math.sqrt(6 / hidden) / 30
        nn.init.uniform_(self.final.weight, -bound, bound)

    def forward(self, coords):
        return self.final(self.net(coords))


def get_mgrid(side):
    axis = torch.linspace(-1, 1, steps=side)  # healthy
    # faulty: axis = torch.arange(side, dtype=torch.float32)
    return torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1).reshape(-1, 2)


torch.manual_seed(0)
side = 64
v, u = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
image = torch.sin(5 * u) * torch.cos(4 * v) + torch.exp(-12 * ((u - 0.3) ** 2 + v**2))
image = image - ((u + 0.4) ** 2 + (v - 0.3) ** 2 < 0.08).float()
image = (image - image.mean()) / image.abs().max()
coords, pixels = get_mgrid(side), image.reshape(-1, 1)
held = torch.zeros(len(coords), dtype=torch.bool)
held[torch.randperm(len(coords))[:800]] = True
x, y = coords[~held], pixels[~held]

model = Siren()
optim = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1, 401):
    pick = torch.randint(len(x), (1024,))
    loss = ((model(x[pick]) - y[pick]) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    if step % 50 == 0:
        with torch.no_grad():
            error = ((model(coords[held]) - pixels[held]) ** 2).mean().item()
        print(f"step {step}, loss {loss.item():.5f}, psnr {-10 * math.log10(error / 4):.2f}")
