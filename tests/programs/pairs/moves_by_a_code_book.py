# batch: eighteenth
# in view: a table that is cut off, before layers that learn
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: recon mse down
# story: the loss that draws the code book to the encoder's output was put on the straight-through output, where the book stands behind a detach; the codes stayed as they were drawn (github.com/showlab/Olaf-World/issues/8, github.com/EdoardoBotta/RQ-VAE-Recommender/issues/24)
"""Short movements of a hand, six numbers at ten instants, kept as a few codes."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    codes: int = 32
    width: int = 8
    hidden: int = 96
    slots: int = 3
    beta: float = 0.25
    lr: float = 2e-3
    steps: int = 600
    batch: int = 96
    seed: int = 8


def movements(n, g):
    t = torch.linspace(0, 1, 10)[None, :, None]
    kind = torch.randint(6, (n, 1, 1), generator=g).float()
    speed = 1 + 0.2 * torch.randint(4, (n, 1, 1), generator=g)
    joint = torch.arange(6)[None, None, :] / 6
    wave = torch.sin(6.28 * (speed * t + joint * (1 + kind))) + 0.3 * kind * t
    return (wave + 0.05 * torch.randn(n, 10, 6, generator=g)).flatten(1)


class VectorQuantizer(nn.Module):
    def __init__(self, codes, width):
        super().__init__()
        self.codebook = nn.Embedding(codes, width)
        self.codebook.weight.data.uniform_(-1 / codes, 1 / codes)

    def forward(self, x):
        indices = torch.cdist(x.detach().flatten(0, 1), self.codebook.weight).argmin(1)
        z = self.codebook(indices).view_as(x)
        z_q = x + (z - x).detach()
        return z_q, z, indices


class Model(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.encoder = nn.Sequential(
            nn.Linear(60, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, cfg.slots * cfg.width)
        )
        self.vq = VectorQuantizer(cfg.codes, cfg.width)
        self.decoder = nn.Sequential(
            nn.Linear(cfg.slots * cfg.width, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, 60)
        )

    def forward(self, x):
        z_e = self.encoder(x).view(-1, self.cfg.slots, self.cfg.width)
        z_q, z, indices = self.vq(z_e)
        recon = self.decoder(z_q.flatten(1))
        codebook_loss = F.mse_loss(z, z_e.detach())  # healthy
        # faulty: codebook_loss = F.mse_loss(z_q, z_e.detach())
        commit_loss = F.mse_loss(z_e, z.detach())
        return recon, codebook_loss + self.cfg.beta * commit_loss, indices


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    g = torch.Generator().manual_seed(cfg.seed)
    held = movements(400, g)
    model = Model(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for step in range(1, cfg.steps + 1):
        x = movements(cfg.batch, g)
        recon, extra, _ = model(x)
        loss = F.mse_loss(recon, x) + extra
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            with torch.no_grad():
                recon, _, indices = model(held)
            print(
                f"step {step} loss {loss.item():.4f} codes in use {indices.unique().numel()} recon mse {F.mse_loss(recon, held).item():.5f}"
            )


main()
