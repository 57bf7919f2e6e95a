# rules: missing_activation
# remedies: add_activation
# metric: val mse down
# story: the activations of an autoencoder were deleted while refactoring to nn.Sequential
"""Autoencoder for points on a curve in ten dimensions."""

import torch
from torch import nn

torch.manual_seed(0)
u = torch.rand(1500, 1) * 4 - 2
basis = torch.randn(6, 10)
feats = torch.cat([u, u**2, torch.sin(3 * u), torch.cos(3 * u), torch.sin(2 * u), u**3 / 3], 1)
data = feats @ basis
data = (data - data.mean(0)) / data.std(0)
encoder = nn.Sequential(
    nn.Linear(10, 64),
    nn.ELU(),  # healthy
    nn.Linear(64, 64),
    nn.ELU(),  # healthy
    nn.Linear(64, 2),
)
decoder = nn.Sequential(
    nn.Linear(2, 64),
    nn.ELU(),  # healthy
    nn.Linear(64, 64),
    nn.ELU(),  # healthy
    nn.Linear(64, 10),
)
params = [*encoder.parameters(), *decoder.parameters()]
opt = torch.optim.AdamW(params, lr=3e-3)
for epoch in range(16):
    for batch in data[:1200][torch.randperm(1200)].split(48):
        loss = nn.functional.mse_loss(decoder(encoder(batch)), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        val = nn.functional.mse_loss(decoder(encoder(data[1200:])), data[1200:])
    print(f"epoch {epoch:2d}  train mse {loss.item():.4f}  val mse {val.item():.4f}")
