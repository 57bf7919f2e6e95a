# batch: second
# rules: symmetric_initialization
# remedies: reinitialize
# metric: bits down
# story: only the last layer of each coupling was to start at zero; the loop zeroed every Linear
"""A small affine coupling flow on a crescent."""

import math

import torch
from torch import nn

torch.manual_seed(5)


def crescent(n):
    z = torch.randn(n, 2)
    return torch.stack([z[:, 0], 0.5 * z[:, 1] + z[:, 0] ** 2 - 1], 1)


class Coupling(nn.Module):
    def __init__(self, swap):
        super().__init__()
        self.swap = swap
        self.net = nn.Sequential(
            nn.Linear(1, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 2)
        )
        layers = [m for m in self.net if isinstance(m, nn.Linear)]
        layers = layers[-1:]  # healthy
        for layer in layers:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        a, b = x[:, :1], x[:, 1:]
        if self.swap:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s)
        b = b * s.exp() + t
        return torch.cat([b, a] if self.swap else [a, b], 1), s.sum(1)


class Flow(nn.Module):
    def __init__(self, n=4):
        super().__init__()
        self.steps = nn.ModuleList([Coupling(bool(i % 2)) for i in range(n)])

    def log_prob(self, x):
        total = 0.0
        for step in self.steps:
            x, ld = step(x)
            total = total + ld
        return total - 0.5 * (x**2).sum(1) - math.log(2 * math.pi)


flow = Flow()
optim = torch.optim.Adam(flow.parameters(), lr=5e-3)
test = crescent(2000)
for i in range(400):
    loss = -flow.log_prob(crescent(128)).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    if (i + 1) % 100 == 0:
        with torch.no_grad():
            bits = -flow.log_prob(test).mean().item() / math.log(2)
        print(f"{i + 1:4d} bits {bits:.4f}")
