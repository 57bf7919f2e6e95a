# batch: thirteenth
# rules: unnormalized_input born_dead dying_relu
# remedies: normalize_input recycle_units
# metric: explained up
# story: a dictionary was learnt from activations whose mean is far longer than their spread; what pointed away from the mean never fired (arxiv.org/abs/2605.31518, by way of github.com/AkihikoWatanabe/paper_notes/issues/5822)
"""Sparse dictionary of a protein model's hidden states (stand-in: sparse sums of hidden directions)."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    width: int = 32
    latents: int = 128
    k: int = 4
    batch: int = 256
    steps: int = 900
    lr: float = 1e-3
    l1: float = 0.02


cfg = Config()
torch.manual_seed(1305)
directions = nn.functional.normalize(torch.randn(64, cfg.width), dim=1)
offset = 25 * torch.randn(cfg.width)


def hidden_states(n):
    which = torch.rand(n, 64).argsort(1)[:, : cfg.k]
    strength = torch.zeros(n, 64).scatter(1, which, 0.5 + torch.rand(n, cfg.k))
    return 2 * strength @ directions + offset


class SAE(nn.Module):
    def __init__(self, center):
        super().__init__()
        self.center = nn.Parameter(center.clone(), requires_grad=False)
        w = nn.functional.normalize(torch.randn(cfg.latents, cfg.width), dim=1)
        self.encoder_weight, self.encoder_bias = (
            nn.Parameter(w.clone()),
            nn.Parameter(torch.zeros(cfg.latents)),
        )
        self.decoder_weight, self.decoder_bias = (
            nn.Parameter(w.t().clone()),
            nn.Parameter(torch.zeros(cfg.width)),
        )

    def forward(self, x):
        z = torch.relu(
            nn.functional.linear(x - self.center, self.encoder_weight, self.encoder_bias)
        )
        return nn.functional.linear(z, self.decoder_weight, self.decoder_bias) + self.center, z


# faulty: sae = SAE(torch.zeros(cfg.width))
sae = SAE(hidden_states(4096).mean(0))  # healthy
opt = torch.optim.Adam([p for p in sae.parameters() if p.requires_grad], lr=cfg.lr)
held = hidden_states(2000)
for step in range(1, cfg.steps + 1):
    x = hidden_states(cfg.batch)
    out, z = sae(x)
    loss = (out - x).pow(2).sum(1).mean() + cfg.l1 * z.abs().sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            out, z = sae(held)
            rest = (out - held).pow(2).sum() / (held - held.mean(0)).pow(2).sum()
        print(
            f"step {step} loss {loss.item():.3f} l0 {(z > 0).float().sum(1).mean():.1f} explained {1 - rest.item():.4f}"
        )
