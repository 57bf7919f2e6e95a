# batch: ninth
# in view: a weight of no layer that became NaN counts as lasting
# rules: non_finite
# remedies: stabilize_loss
# metric: energy error down
# story: torch.where keeps the root of zero out of the value, not out of the gradient (pytorch issue 18287 and many after it): the diagonal of the distances makes one weight NaN
"""Energies of small clusters of atoms in a stretched cell, a sum of learned pair terms."""

import torch
from torch import nn

torch.manual_seed(901)
pos = torch.rand(1500, 6, 3) * 2.5
stretch = torch.tensor([1.0, 1.4, 0.7])
gap = ((pos[:, :, None] - pos[:, None]) * stretch).norm(dim=-1)
energy = (torch.exp(-gap) * torch.cos(2 * gap)).sum((1, 2))
energy = ((energy - energy.mean()) / energy.std()).unsqueeze(1)


class PairNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.Parameter(torch.ones(3))
        self.register_buffer("centres", torch.linspace(0, 4, 12))
        self.pair = nn.Sequential(
            nn.Linear(12, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1)
        )

    def distances(self, p):
        d2 = ((p[:, :, None] - p[:, None]) * self.cell).pow(2).sum(-1)
        off = d2 > 0
        return torch.where(off, d2, torch.ones_like(d2)).sqrt() * off  # healthy
        # faulty: return torch.where(off, d2.sqrt(), torch.zeros_like(d2))

    def forward(self, p):
        r = self.distances(p)
        basis = torch.exp(-4 * (r[..., None] - self.centres) ** 2)
        return self.pair(basis).sum((1, 2)) / 6


net = PairNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
for epoch in range(15):
    for idx in torch.randperm(1200).split(50):
        loss = nn.functional.mse_loss(net(pos[idx]), energy[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        err = (net(pos[1200:]) - energy[1200:]).abs().mean()
    print(f"epoch {epoch}  energy error {err:.4f}")
