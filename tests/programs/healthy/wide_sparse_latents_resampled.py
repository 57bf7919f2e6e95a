# batch: fifteenth
# metric: explained up
"""A sparse autoencoder whose latents are nearly all silent, with those idle for long drawn anew."""

import torch
from torch import nn

torch.manual_seed(3)
D, M, K = 40, 320, 120
atoms = nn.functional.normalize(torch.randn(K, D), dim=1)


def sample(n):
    return ((torch.rand(n, K) < 0.025).float() * (0.5 + torch.rand(n, K))) @ atoms


enc, dec = nn.Linear(D, M), nn.Linear(M, D)
with torch.no_grad():
    dec.weight.copy_(nn.functional.normalize(dec.weight, dim=0))
    enc.weight.copy_(dec.weight.t())
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=1.5e-3)
idle = torch.zeros(M)
for step in range(1, 901):
    x = sample(256)
    z = torch.relu(enc(x - dec.bias))
    out = dec(z)
    loss = (out - x).square().sum(1).mean() + 0.06 * (z * dec.weight.norm(dim=0)).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        idle = torch.where((z > 0).any(0), torch.zeros(M), idle + 1)
        if step % 200 == 0 and step < 700:
            gone = idle > 100
            if gone.any():
                worst = (out - x).square().sum(1).topk(int(gone.sum()) % 256 or 1).indices
                new = nn.functional.normalize(x[worst], dim=1)
                rows = gone.nonzero().squeeze(1)[: len(new)]
                enc.weight[rows], enc.bias[rows], dec.weight[:, rows] = 0.2 * new, 0.0, new.t()
    if step % 150 == 0:
        with torch.no_grad():
            h = sample(2000)
            z = torch.relu(enc(h - dec.bias))
            ev = 1 - (dec(z) - h).var(0).sum() / h.var(0).sum()
        print(
            f"step {step} loss {loss.item():.4f} active {(z > 0).float().mean().item():.4f} explained {ev.item():.4f}"
        )
