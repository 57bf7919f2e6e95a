# batch: eighteenth
# rules: unsuitable_activation
# remedies: swap_activation
# metric: score error down
# story: a loss on the gradient of a net asks for an activation whose slope varies; with ReLU the net's gradient is constant from kink to kink (github.com/lioryariv/idr/issues/16 on why softplus was taken)
"""An energy over the plane, learnt from its slope by denoising score matching."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass(frozen=True)
class Settings:
    wells: int = 6
    spread: float = 0.12
    sigma: float = 0.25
    hidden: int = 64
    lr: float = 3e-3
    steps: int = 800
    batch: int = 256


class Energy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        act = nn.SiLU  # healthy
        # faulty: act = nn.ReLU
        self.net = nn.Sequential(
            nn.Linear(2, hidden),
            act(),
            nn.Linear(hidden, hidden),
            act(),
            nn.Linear(hidden, hidden),
            act(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.net(x).squeeze(-1)

    def score(self, x, create_graph=False):
        x = x.requires_grad_()
        return -torch.autograd.grad(self(x).sum(), x, create_graph=create_graph)[0]


class Wells:
    def __init__(self, s):
        angle = 2 * math.pi * torch.arange(s.wells) / s.wells
        self.centres = 1.2 * torch.stack([angle.cos(), angle.sin()], 1)
        self.s = s

    def sample(self, n):
        which = torch.randint(len(self.centres), (n,))
        return self.centres[which] + self.s.spread * torch.randn(n, 2)

    def exact_score(self, x):
        var = self.s.spread**2 + self.s.sigma**2
        diff = self.centres[None] - x[:, None]
        weight = torch.softmax(-diff.square().sum(-1) / (2 * var), dim=1)
        return (weight[..., None] * diff).sum(1) / var


def main():
    s = Settings()
    torch.manual_seed(16)
    wells, energy = Wells(s), Energy(s.hidden)
    opt = torch.optim.Adam(energy.parameters(), lr=s.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, s.steps, 1e-4)
    test = wells.sample(2000) + s.sigma * torch.randn(2000, 2)
    truth = wells.exact_score(test)
    for step in range(1, s.steps + 1):
        x = wells.sample(s.batch)
        eps = torch.randn_like(x)
        score = energy.score(x + s.sigma * eps, create_graph=True)
        loss = (s.sigma * score + eps).square().sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % 200 == 0:
            error = (energy.score(test.clone()).detach() - truth).square().sum(1).mean()
            print(f"step {step}: dsm loss {loss.item():.4f}, score error {error.item():.4f}")


if __name__ == "__main__":
    main()
