# metric: elbo up
"""A VAE with categorical codes (Gumbel softmax), its temperature annealed."""

import math

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(8)
x = (torch.tensor(load_digits().data) > 7).float()
enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 12 * 6))
dec = nn.Sequential(nn.Linear(12 * 6, 96), nn.ReLU(), nn.Linear(96, 64))
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=2e-3)
for epoch in range(14):
    temperature = max(0.5, math.exp(-0.1 * epoch))
    for rows in x[torch.randperm(1500)].split(50):
        logits = enc(rows).view(-1, 12, 6)
        code = F.gumbel_softmax(logits, temperature)
        recon = F.binary_cross_entropy_with_logits(dec(code.flatten(1)), rows, reduction="none")
        log_q = logits.log_softmax(-1)
        kl = (log_q.exp() * (log_q + math.log(6))).sum((1, 2))
        loss = (recon.sum(1) + kl).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
print(f"elbo {-loss.item():.3f}")
