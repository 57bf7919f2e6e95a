# batch: sixteenth
# metric: elbo up
"""A VAE with far more codes than it needs: most fall back to the prior; sums of hundreds as the loss."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(77)
SIZE, Z = 14, 24


def tracks(n):
    axis = torch.linspace(-1, 1, SIZE)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    cx, cy, r = 0.6 * torch.randn(3, n, 1, 1).clamp(-1, 1)
    d = ((u - cx) ** 2 + (v - cy) ** 2).sqrt()
    return torch.sigmoid(20 * (0.35 + 0.15 * r - d)).flatten(1)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(SIZE * SIZE, 96), nn.SiLU())
        self.mu, self.logvar = nn.Linear(96, Z), nn.Linear(96, Z)
        self.dec = nn.Sequential(nn.Linear(Z, 96), nn.SiLU(), nn.Linear(96, SIZE * SIZE))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


model = VAE()
optimizer = torch.optim.Adamax(model.parameters(), lr=1e-2)
train, held = tracks(3000), tracks(600)
for epoch in range(1, 13):
    for i in torch.randperm(len(train)).split(60):
        x = train[i]
        logits, mu, logvar = model(x)
        bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())
        loss = bce + min(1.0, epoch / 4) * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits, mu, logvar = model(held)
        each = -0.5 * (1 + logvar - mu**2 - logvar.exp()).mean(0)
        bce = F.binary_cross_entropy_with_logits(logits, held, reduction="sum") / len(held)
    print(
        f"epoch {epoch:2d} used {int((each > 0.05).sum())}/{Z} elbo {-(bce + each.sum()).item():.2f}"
    )
