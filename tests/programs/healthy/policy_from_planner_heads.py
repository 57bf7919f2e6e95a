# batch: eighth
# metric: agree up
"""AlphaZero-like: policy and value heads on one trunk learn from a planner's visit counts."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(875)


def nim(n):
    piles = torch.randint(0, 6, (n, 3))
    piles[piles.sum(1) == 0] = torch.tensor([1, 2, 3])
    x = piles[:, 0] ^ piles[:, 1] ^ piles[:, 2]
    moves = torch.zeros(n, 3, 5)
    for p in range(3):
        for k in range(1, 6):
            ok = piles[:, p] >= k
            rest = x ^ piles[:, p] ^ (piles[:, p] - k).clamp(min=0)
            moves[:, p, k - 1] = ok * (0.05 + (rest == 0).float())
    pi = moves.flatten(1)
    return (
        F.one_hot(piles, 6).flatten(1).float(),
        pi / pi.sum(1, keepdim=True),
        torch.where(x != 0, 1.0, -1.0),
    )


class Zero(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(18, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
        )
        self.policy, self.value = nn.Linear(128, 15), nn.Linear(128, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.policy(h).log_softmax(1), torch.tanh(self.value(h)).squeeze(1)


net = Zero()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for step in range(350):
    s, pi, z = nim(64)
    logp, v = net(s)
    loss = F.mse_loss(v, z) - (pi * logp).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 70 == 69:
        with torch.no_grad():
            s, pi, z = nim(500)
            logp, v = net(s)
            print(
                "step",
                step + 1,
                "loss",
                loss.item(),
                "agree",
                pi.gather(1, logp.argmax(1, keepdim=True)).gt(0.15).float().mean().item(),
                "value",
                (v.sign() == z).float().mean().item(),
            )
