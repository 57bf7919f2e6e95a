# rules: unsuitable_activation frozen_parameters
# remedies: swap_activation
# metric: reconstruction down
# story: codes rounded to whole numbers with torch.round, and no straight-through gradient
"""An autoencoder with quantised codes."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(10)
x = torch.tensor(load_digits().data / 16).float()
encoder = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 12))
decoder = nn.Sequential(nn.Linear(12, 64), nn.GELU(), nn.Linear(64, 64))
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)


def quantise(code):
    levels = torch.round(code * 2)
    return code + (levels / 2 - code).detach()  # healthy
    # faulty: return levels / 2


for epoch in range(15):
    for batch in x[torch.randperm(1500)].split(50):
        loss = (decoder(quantise(encoder(batch))) - batch).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    error = (decoder(quantise(encoder(x[1500:]))) - x[1500:]).square().mean().item()
print(f"reconstruction {error:.5f}")
