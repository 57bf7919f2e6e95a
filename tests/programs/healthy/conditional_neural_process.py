# batch: ninth
# metric: log likelihood up
"""A conditional neural process for random sines."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(938)


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class CNP(nn.Module):
    def __init__(self, r=64):
        super().__init__()
        self.encode, self.decode = mlp(2, 64, 64, r), mlp(r + 1, 64, 64, 2)

    def forward(self, xc, yc, xt):
        r = self.encode(torch.cat([xc, yc], -1)).mean(1, keepdim=True)
        out = self.decode(torch.cat([r.expand(-1, xt.shape[1], -1), xt], -1))
        mean, raw = out.chunk(2, -1)
        return torch.distributions.Normal(mean, 0.05 + 0.95 * F.softplus(raw))


def tasks(b=32, n=24):
    x = torch.rand(b, n, 1) * 6 - 3
    amp, phase = torch.rand(b, 1, 1) + 0.5, torch.rand(b, 1, 1) * 3
    return x, amp * torch.sin(x + phase)


net = CNP()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for it in range(1, 701):
    x, y = tasks()
    k = int(torch.randint(3, 12, ()))
    ll = net(x[:, :k], y[:, :k], x).log_prob(y).mean()
    opt.zero_grad()
    (-ll).backward()
    opt.step()
    if it % 100 == 0:
        print(f"{it} log likelihood {ll.item():.3f}")
