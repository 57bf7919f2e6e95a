# batch: thirteenth
# in view: a rectifier whose output an exponential takes gives way to softplus
# rules: born_dead dying_relu unsuitable_output_activation unsuitable_activation
# remedies: swap_activation reinitialize recycle_units remove_output_activation
# metric: render psnr up
# story: the density of a radiance field was below nought for every point after initialisation, so each ray came out black and nothing ever moved (github.com/kwea123/nerf_pl/issues/51, github.com/munshisanowarraihan/nerf-meta/issues/3)
"""Volume rendering in two dimensions: a field of density and colour from the rays that cross it."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1304)
SAMPLES, RAYS = 24, 128


def encode(x, bands=4):
    freqs = 2.0 ** torch.arange(bands) * math.pi
    angles = x.unsqueeze(-1) * freqs
    return torch.cat([x, angles.sin().flatten(-2), angles.cos().flatten(-2)], -1)


def scene(p):
    near = ((p - torch.tensor([0.3, -0.2])).norm(dim=-1) < 0.35).float()
    far = ((p - torch.tensor([-0.35, 0.3])).norm(dim=-1) < 0.25).float()
    colour = torch.stack(
        [0.9 * near + 0.1 * far, 0.3 * near + 0.8 * far, 0.2 * near + 0.9 * far], -1
    )
    return 12 * (near + far), colour.clamp(0, 1)


class Field(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(18, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
        )
        self.sigma, self.rgb = nn.Linear(width, 1), nn.Linear(width, 3)
        nn.init.constant_(self.sigma.bias, -1.0)

    def forward(self, p):
        h = self.body(encode(p))
        # faulty: sigma = F.relu(self.sigma(h)).squeeze(-1)
        sigma = F.softplus(self.sigma(h)).squeeze(-1)  # healthy
        return sigma, torch.sigmoid(self.rgb(h))


def rays(n):
    angle = 2 * math.pi * torch.rand(n)
    way = torch.stack([angle.cos(), angle.sin()], -1)
    side = torch.stack([-way[:, 1], way[:, 0]], -1) * (1.6 * torch.rand(n, 1) - 0.8)
    t = torch.linspace(-1, 1, SAMPLES)
    return side[:, None] + way[:, None] * t[None, :, None]


def render(field, points):
    sigma, colour = field(points)
    alpha = 1 - torch.exp(-sigma * 2 / SAMPLES)
    through = torch.cumprod(torch.cat([torch.ones(len(alpha), 1), 1 - alpha + 1e-10], 1), 1)[:, :-1]
    return ((alpha * through).unsqueeze(-1) * colour).sum(1)


field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=2e-3)
held = rays(600)
target = render(scene, held)
for i in range(1, 401):
    points = rays(RAYS)
    loss = F.mse_loss(render(field, points), render(scene, points))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 50 == 0:
        with torch.no_grad():
            psnr = -10 * torch.log10(F.mse_loss(render(field, held), target)).item()
        print(f"iter {i} loss {loss.item():.5f} render psnr {psnr:.3f}")
