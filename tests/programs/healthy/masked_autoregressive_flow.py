# batch: eighth
# metric: nll down
"""MAF: masked linear layers, four steps, ReLU inside, log-likelihood of a two-moon law."""

import math

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(863)
X = torch.tensor(make_moons(3000, noise=0.08, random_state=0)[0]).float()
X = (X - X.mean(0)) / X.std(0)


class MaskedLinear(nn.Linear):
    def __init__(self, i, o, mask):
        super().__init__(i, o)
        self.register_buffer("mask", mask)

    def forward(self, x):
        return nn.functional.linear(x, self.weight * self.mask, self.bias)


class Made(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        first = torch.zeros(h, 2)
        first[:, 0] = 1  # hidden units see x0 alone
        last = torch.zeros(4, h)
        last[[1, 3]] = 1  # only what is said of x1 sees them
        self.net = nn.Sequential(
            MaskedLinear(2, h, first),
            nn.ReLU(),
            MaskedLinear(h, h, torch.ones(h, h)),
            nn.ReLU(),
            MaskedLinear(h, 4, last),
        )

    def forward(self, x):
        m, s = self.net(x).chunk(2, 1)
        s = torch.tanh(s) * 2
        return ((x - m) * torch.exp(-s)).flip(1), -s.sum(1)


flow = nn.ModuleList(Made() for _ in range(4))


def nll(x):
    total = 0.0
    for step in flow:
        x, ld = step(x)
        total = total + ld
    return (0.5 * x.square().sum(1) + math.log(2 * math.pi) - total).mean()


opt = torch.optim.Adam(flow.parameters(), lr=3e-3, weight_decay=1e-6)
for epoch in range(8):
    for i in torch.randperm(2600).split(65):
        loss = nll(X[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print("epoch", epoch, "nll", nll(X[2600:]).item())
