# metric: nll down
"""RealNVP flow on two moons; the log-likelihood changes its sign while it trains."""

import math

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
data = torch.tensor(make_moons(2000, noise=0.04, random_state=1)[0], dtype=torch.float32) * 0.5


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(
            nn.Linear(1, 48),
            nn.LeakyReLU(0.01),
            nn.Linear(48, 48),
            nn.LeakyReLU(0.01),
            nn.Linear(48, 2),
        )

    def forward(self, x):
        a, b = x.flip(1).chunk(2, 1) if self.flip else x.chunk(2, 1)
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s) * 2
        y = torch.cat([a, b * s.exp() + t], 1)
        return (y.flip(1) if self.flip else y), s.sum(1)


flow = nn.ModuleList([Coupling(i % 2 == 0) for i in range(4)])
opt = torch.optim.Adam(flow.parameters(), lr=3e-3)


def nll(x):
    log_det = 0.0
    for layer in flow:
        x, s = layer(x)
        log_det = log_det + s
    return (0.5 * (x**2).sum(1) + math.log(2 * math.pi) - log_det).mean()


for step in range(350):
    loss = nll(data[torch.randint(0, 1600, (128,))])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    opt.step()
    if step % 70 == 69:
        with torch.no_grad():
            print(f"step {step + 1} loss {loss.item():.4f} nll {nll(data[1600:]).item():.4f}")
