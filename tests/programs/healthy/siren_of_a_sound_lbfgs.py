# batch: fifteenth
# metric: snr up
"""A short sound by sine layers, first with Adam, then with LBFGS."""

import math

import torch
from torch import nn

torch.manual_seed(27)
t = torch.linspace(-1, 1, 1200).unsqueeze(1)
sound = torch.sin(60 * t) * torch.exp(-2 * (t + 0.5) ** 2) + 0.5 * torch.sin(25 * t * t + 4)


class SineLayer(nn.Module):
    def __init__(self, a, b, first=False, w0=30.0):
        super().__init__()
        self.w0, self.linear = w0, nn.Linear(a, b)
        bound = 1 / a if first else math.sqrt(6 / a) / w0
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return (self.w0 * self.linear(x)).sin()


net = nn.Sequential(
    SineLayer(1, 64, True, 60.0), SineLayer(64, 64), SineLayer(64, 64), nn.Linear(64, 1)
)


def snr():
    with torch.no_grad():
        return 10 * math.log10(sound.pow(2).mean() / (net(t) - sound).pow(2).mean())


adam = torch.optim.Adam(net.parameters(), lr=2e-4)
for i in range(1, 301):
    adam.zero_grad()
    loss = (net(t) - sound).pow(2).mean()
    loss.backward()
    adam.step()
    if i % 100 == 0:
        print(f"adam {i} loss {loss.item():.3e} snr {snr():.2f}")
lbfgs = torch.optim.LBFGS(
    net.parameters(), lr=1, max_iter=10, history_size=20, line_search_fn="strong_wolfe"
)


def closure():
    lbfgs.zero_grad()
    loss = (net(t) - sound).pow(2).mean()
    loss.backward()
    return loss


for i in range(8):
    loss = lbfgs.step(closure)
    print(f"lbfgs {i} loss {loss.item():.3e} snr {snr():.2f}")
