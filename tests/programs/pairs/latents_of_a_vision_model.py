# batch: fifteenth
# rules: dying_relu learning_rate_too_high dormant_units
# remedies: lower_learning_rate recycle_units
# metric: fvu down
# story: a sparse autoencoder was trained at a hundred times the usual rate of Adam and most of its latents died in the first steps (transformer-circuits.pub/2023/monosemantic-features)
"""Sparse latents of the hidden layer of a vision model."""

import csv
import sys

import torch
from torch import nn

torch.manual_seed(18)
D, LATENTS, CAUSES = 48, 192, 96
directions = nn.functional.normalize(torch.randn(CAUSES, D), dim=1)


def activations(n):
    on = (torch.rand(n, CAUSES) < 0.05).float()
    return (on * torch.rand(n, CAUSES) * 2) @ directions


class Autoencoder(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.pre_bias = nn.Parameter(mean)
        self.encoder = nn.Linear(D, LATENTS)
        self.decoder = nn.Linear(LATENTS, D, bias=False)
        nn.init.zeros_(self.encoder.bias)
        self.decoder.weight.data = nn.functional.normalize(torch.randn(D, LATENTS), dim=0)
        self.encoder.weight.data = self.decoder.weight.data.t().clone()

    def forward(self, x):
        z = (self.encoder(x - self.pre_bias)).clamp(min=0)
        return self.decoder(z) + self.pre_bias, z


sae = Autoencoder(activations(2000).mean(0))
lr = 1e-3  # healthy
# faulty: lr = 0.1
optimizer = torch.optim.Adam(sae.parameters(), lr=lr)
held = activations(2000)
out = csv.writer(sys.stdout)
for step in range(1, 701):
    x = activations(256)
    recon, z = sae(x)
    loss = (recon - x).pow(2).sum(1).mean() + 0.05 * z.sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        sae.decoder.weight.div_(sae.decoder.weight.norm(dim=0, keepdim=True).clamp(min=1e-8))
    if step % 100 == 0:
        with torch.no_grad():
            recon, z = sae(held)
            fvu = ((recon - held).pow(2).sum() / (held - held.mean(0)).pow(2).sum()).item()
        out.writerow(["step", step, "loss", f"{loss.item():.4f}", "fvu", f"{fvu:.4f}"])
