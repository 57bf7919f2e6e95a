# batch: eleventh
# in view: coordinates too large for sines
# rules: unnormalized_input
# remedies: normalize_input
# metric: psnr up
# story: a sine network diverged until its coordinates were scaled to lie between -1 and 1 (github.com/vsitzmann/siren/issues/19)
"""Fit one picture with a SIREN: from a pixel's place to its grey."""

import math

import torch
from torch import nn


class Sine(nn.Module):
    def __init__(self, inputs, outputs, w0=30.0, first=False):
        super().__init__()
        self.w0, self.linear = w0, nn.Linear(inputs, outputs)
        bound = 1 / inputs if first else math.sqrt(6 / inputs) / w0
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.w0 * self.linear(x))


def picture(side=48):
    v, u = torch.meshgrid(*[torch.linspace(0, 1, side)] * 2, indexing="ij")
    img = torch.sin(9 * u + 4 * torch.sin(5 * v)) * 0.4
    return img + 0.6 * (((u - 0.6) ** 2 + (v - 0.4) ** 2) < 0.06).float() - 0.2


torch.manual_seed(1119)
image = picture()
rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
where = torch.stack([rows, columns], -1).view(-1, 2)
where = where / 47 * 2 - 1  # healthy
grey = image.reshape(-1, 1)
even = (rows + columns).view(-1) % 2 == 0

siren = nn.Sequential(Sine(2, 64, first=True), Sine(64, 64), Sine(64, 64), nn.Linear(64, 1))
optimizer = torch.optim.Adam(siren.parameters(), lr=3e-4)
for step in range(1, 401):
    loss = nn.functional.mse_loss(siren(where[even]), grey[even])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        with torch.no_grad():
            between = nn.functional.mse_loss(siren(where[~even]), grey[~even])
        print(f"step {step} loss {loss.item():.5f} psnr {-10 * between.log10().item():.3f}")
