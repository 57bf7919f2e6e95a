# batch: fourth
# metric: nll down
"""Affine coupling flow on points near a curve: the likelihood per point exceeds one, so the loss ends negative."""

import math

import torch
import torch.nn as nn

torch.manual_seed(9)
# points near a thin one-dimensional curve in four dimensions: densities far above one
t = torch.rand(2000, 1) * 2 - 1
X = torch.cat([t, t**2 - 0.3, torch.sin(3 * t), -t], 1) + 0.05 * torch.randn(2000, 4)
X = (X - X.mean(0)) / X.std(0)


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(
            nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
        )
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.chunk(2, 1)
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = 2 * torch.tanh(s / 2)
        b = b * torch.exp(s) + t
        return torch.cat([b, a] if self.flip else [a, b], 1), s.sum(1)


flow = nn.ModuleList([Coupling(i % 2 == 1) for i in range(6)])
opt = torch.optim.Adam(flow.parameters(), lr=1e-3)
for step in range(450):
    z, logdet = X[torch.randint(len(X), (256,))], 0.0
    for layer in flow:
        z, ld = layer(z)
        logdet = logdet + ld
    nll = (0.5 * z.pow(2).sum(1) + 2 * math.log(2 * math.pi) - logdet).mean()
    opt.zero_grad()
    nll.backward()
    torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    opt.step()
    if step % 50 == 49:
        print(f"step {step + 1} nll {nll.item():.3f}")
