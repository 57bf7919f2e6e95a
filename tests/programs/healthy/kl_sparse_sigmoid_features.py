# batch: fourth
# metric: mse down
"""The sparse autoencoder of Ng's lecture: sigmoid units held at a mean of 0.05 by a KL penalty."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(6)
x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
rho, beta = 0.05, 0.02
enc = nn.Linear(64, 100)
dec = nn.Linear(100, 64)
optim = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=5e-3)


def kl(p, q):
    return (p * torch.log(p / q) + (1 - p) * torch.log((1 - p) / (1 - q))).sum()


for epoch in range(40):
    for batch in x[torch.randperm(len(x))].split(100):
        hidden = torch.sigmoid(enc(batch))
        error = nn.functional.mse_loss(dec(hidden), batch)
        cost = error + beta * kl(torch.tensor(rho), hidden.mean(0).clamp(1e-4, 1 - 1e-4))
        optim.zero_grad()
        cost.backward()
        optim.step()
    if epoch % 8 == 7:
        print(
            f"epoch {epoch}  cost {cost.item():.4f}  mse {error.item():.4f}  mean activation {hidden.mean().item():.3f}"
        )
