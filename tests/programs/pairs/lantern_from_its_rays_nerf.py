# batch: eighteenth
# rules: born_dead dying_relu unsuitable_output_activation
# remedies: swap_activation reinitialize remove_output_activation
# metric: psnr up
# story: a field of light's density went through a ReLU that an unlucky start held at zero everywhere, no gradient came back and all pictures stayed empty; a softplus in its place mends it (github.com/munshisanowarraihan/nerf-meta/issues/3, github.com/kwea123/nerf_pl/issues/51)
"""A field of density and colour in the plane is fitted to what cameras around it see."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


def encode(x, levels=5):
    parts = [x]
    for k in range(levels):
        parts += [torch.sin(2**k * x), torch.cos(2**k * x)]
    return torch.cat(parts, -1)


class Field(nn.Module):
    def __init__(self, width=64, levels=5):
        super().__init__()
        n_in = 2 * (2 * levels + 1)
        self.trunk = nn.Sequential(
            nn.Linear(n_in, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
        )
        self.sigma = nn.Linear(width, 1)
        self.rgb = nn.Linear(width, 3)

    def forward(self, points):
        h = self.trunk(encode(points))
        density = F.softplus(self.sigma(h))  # healthy
        # faulty: density = F.relu(self.sigma(h))
        return density.squeeze(-1), torch.sigmoid(self.rgb(h))


def truth(points):
    """A lantern: a bright core within a coloured ring."""
    r = points.norm(dim=-1)
    core, ring = (r < 0.3).float(), ((r > 0.55) & (r < 0.75)).float()
    angle = torch.atan2(points[..., 1], points[..., 0])
    hue = torch.stack([0.5 + 0.5 * torch.sin(angle + p) for p in (0.0, 2.1, 4.2)], -1)
    colour = core[..., None] * torch.tensor([1.0, 0.9, 0.4]) + ring[..., None] * hue
    return 6 * core + 4 * ring, colour


def render(field, origin, direction, samples=32):
    t = torch.linspace(1.0, 3.0, samples)
    points = origin[:, None] + t[None, :, None] * direction[:, None]
    density, colour = field(points)
    alpha = 1 - torch.exp(-density * 2.0 / samples)
    passed = torch.cumprod(torch.cat([torch.ones(len(alpha), 1), 1 - alpha + 1e-10], 1), 1)[:, :-1]
    weight = alpha * passed
    return (weight[..., None] * colour).sum(1) + 1 - weight.sum(1, keepdim=True)


def rays(n):
    turn = 2 * math.pi * torch.rand(n)
    eye = 2 * torch.stack([torch.cos(turn), torch.sin(turn)], 1)
    aim = 0.8 * (2 * torch.rand(n, 2) - 1)
    return eye, F.normalize(aim - eye, dim=1)


field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=1e-3)
test_rays = rays(1500)
with torch.no_grad():
    test_target = render(truth, *test_rays)
for i in range(1, 401):
    origin, direction = rays(160)
    with torch.no_grad():
        target = render(truth, origin, direction)
    loss = F.mse_loss(render(field, origin, direction), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 100 == 0:
        with torch.no_grad():
            mse = F.mse_loss(render(field, *test_rays), test_target).item()
        print(f"iter {i} loss {loss.item():.5f} psnr {-10 * math.log10(mse):.3f}")
