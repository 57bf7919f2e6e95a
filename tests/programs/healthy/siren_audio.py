# batch: second
# metric: snr up
"""SIREN on a chord: first layer omega 300, hidden 30, initialised as in the paper."""

import math

import torch
from torch import nn


class Sine(nn.Module):
    def __init__(self, i, o, first=False, omega=30.0):
        super().__init__()
        self.linear, self.omega = nn.Linear(i, o), omega
        bound = 1 / i if first else math.sqrt(6 / i) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


torch.manual_seed(1)
t = torch.linspace(-1, 1, 1200).unsqueeze(1)
wave = sum(torch.sin(2 * math.pi * f * t) * w for f, w in ((13, 0.5), (17, 0.3), (29.5, 0.2))) * (
    1 - t.abs()
)
last = nn.Linear(64, 1)
nn.init.uniform_(last.weight, -math.sqrt(6 / 64) / 30, math.sqrt(6 / 64) / 30)
siren = nn.Sequential(Sine(1, 64, True, 300.0), Sine(64, 64), Sine(64, 64), last)
opt = torch.optim.Adam(siren.parameters(), lr=1e-4 * 5)
for step in range(300):
    loss = (siren(t) - wave).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        snr = 10 * math.log10(wave.pow(2).mean().item() / loss.item())
        print(f"step {step + 1} mse {loss.item():.2e} snr {snr:.2f}")
