# batch: seventh
# metric: explained up
"""A sparse autoencoder with unit-norm decoder columns, L1 and a warm-up of its weight."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SparseAutoencoder(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.W_dec = nn.Parameter(F.normalize(torch.randn(d_hidden, d_in), dim=1))
        self.W_enc = nn.Parameter(self.W_dec.data.T.clone())
        self.b_enc = nn.Parameter(torch.zeros(d_hidden))
        self.b_dec = nn.Parameter(torch.zeros(d_in))

    def forward(self, x):
        acts = F.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        return acts @ self.W_dec + self.b_dec, acts

    @torch.no_grad()
    def normalise(self):
        self.W_dec.data = F.normalize(self.W_dec.data, dim=1)


torch.manual_seed(0)
features = F.normalize(torch.randn(128, 32), dim=1)


def sample(n):
    active = torch.rand(n, 128) < 0.03
    return (active * torch.rand(n, 128) * 3) @ features


sae = SparseAutoencoder(32, 256)
opt = torch.optim.Adam(sae.parameters(), lr=2e-3, betas=(0.0, 0.999))
for step in range(700):
    x = sample(256)
    rec, acts = sae(x)
    l1 = 0.03 * min(1, step / 150)
    loss = (rec - x).square().sum(1).mean() + l1 * acts.sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sae.normalise()
    if step % 100 == 99:
        with torch.no_grad():
            t = sample(1000)
            r, a = sae(t)
            ev = 1 - (r - t).var() / t.var()
        print(f"step {step + 1} loss {loss.item():.4f} l0 {(a > 0).float().sum(1).mean():.2f} "
              f"explained {ev.item():.4f}")  # fmt: skip
