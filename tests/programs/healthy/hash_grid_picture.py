# batch: ninth
# metric: psnr up
"""A picture from a hashed grid of features and a tiny net (as Instant NGP; Mueller et al. 2022)."""

import torch
from torch import nn

torch.manual_seed(942)


def picture(p):
    r = (p - 0.5).norm(dim=1)
    return (
        torch.stack([torch.sin(60 * r), torch.sin(20 * p[:, 0]) * torch.cos(30 * p[:, 1]), r], 1)
        / 2
        + 0.5
    )


class HashGrid(nn.Module):
    def __init__(self, levels=6, size=2**10, f=2):
        super().__init__()
        self.table = nn.Parameter(torch.empty(levels, size, f).uniform_(-1e-4, 1e-4))
        self.size = size
        self.res = [int(4 * 1.6**i) for i in range(levels)]

    def forward(self, p):
        out = []
        for table, res in zip(self.table, self.res):
            q = p * res
            base = q.floor().long()
            frac = q - base
            value = 0
            for dx in (0, 1):
                for dy in (0, 1):
                    cx, cy = base[:, 0] + dx, base[:, 1] + dy
                    index = (cx ^ (cy * 2654435761)) % self.size
                    w = (frac[:, 0] if dx else 1 - frac[:, 0]) * (
                        frac[:, 1] if dy else 1 - frac[:, 1]
                    )
                    value = value + w[:, None] * table[index]
            out.append(value)
        return torch.cat(out, 1)


grid = HashGrid()
head = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(
    [{"params": grid.parameters()}, {"params": head.parameters(), "weight_decay": 1e-6}],
    lr=1e-2, betas=(0.9, 0.99), eps=1e-15,
)  # fmt: skip
for it in range(1, 601):
    p = torch.rand(512, 2)
    loss = (head(grid(p)) - picture(p)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 0:
        print("it", it, "psnr", (-10 * loss.log10()).item())
