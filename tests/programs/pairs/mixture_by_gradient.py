# batch: tenth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: nll down
# story: a mixture of twelve Gaussians after a learnt warp, fitted by Adam; all the means begin at nought, so that all twelve get the same gradient for ever
"""Density of points on a pinwheel."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1010)


def pinwheel(n):
    arm = torch.randint(0, 6, (n,))
    r = 1.2 + 0.35 * torch.randn(n)
    angle = arm * math.pi / 3 + 0.12 * torch.randn(n) + 0.6 * r
    return torch.stack([r * angle.cos(), r * angle.sin()], 1)


class Mixture(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.mean = nn.Parameter(torch.randn(k, 2))  # healthy
        # faulty: self.mean = nn.Parameter(torch.zeros(k, 2))
        self.chol = nn.Parameter(torch.eye(2).repeat(k, 1, 1))
        self.logit = nn.Parameter(torch.zeros(k))

    def forward(self, x):
        low = self.chol.tril(-1) + torch.diag_embed(
            self.chol.diagonal(dim1=-2, dim2=-1).abs() + 1e-3
        )
        d = torch.einsum("kij,bkj->bki", low, x[:, None] - self.mean)
        logdet = low.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        each = -0.5 * d.square().sum(-1) + logdet - math.log(2 * math.pi)
        return torch.logsumexp(each + self.logit.log_softmax(0), 1)


mix = Mixture(12)
opt = torch.optim.Adam(mix.parameters(), lr=0.02)
test = pinwheel(3000)
for it in range(1, 1001):
    loss = -mix(pinwheel(256)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 0:
        with torch.no_grad():
            print(f"it {it} nll {-mix(test).mean().item():.4f}")
