# metric: psnr up
"""SIREN fits a photograph's crop (scikit-learn's sample image)."""

import math

import torch
from sklearn.datasets import load_sample_image
from torch import nn

torch.manual_seed(0)
img = torch.tensor(load_sample_image("china.jpg")[150:400:8, 200:450:8].mean(2) / 127.5 - 1).float()
h, w = img.shape
ys, xs = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
coords, target = torch.stack([ys, xs], -1).reshape(-1, 2), img.reshape(-1, 1)


class SineLayer(nn.Module):
    def __init__(self, n_in, n_out, first=False, omega=30.0):
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(n_in, n_out)
        bound = 1 / n_in if first else math.sqrt(6 / n_in) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


siren = nn.Sequential(
    SineLayer(2, 64, True), SineLayer(64, 64), SineLayer(64, 64), nn.Linear(64, 1)
)
optim = torch.optim.Adam(siren.parameters(), lr=1e-3)
for step in range(200):
    loss = ((siren(coords) - target) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    if not step % 50:
        print(f"Step {step}, Total loss {loss.item():.6f}")
print("psnr", 10 * math.log10(4 / loss.item()))
