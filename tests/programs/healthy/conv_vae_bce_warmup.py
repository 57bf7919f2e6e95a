# batch: third
# metric: elbo down
"""Convolutional VAE on binarised digits, sum of BCE, KL warm-up, last bias set to the pixels' log-odds."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(71)
X = (torch.tensor(load_digits().images) / 16 > 0.4).float()[:, None]


class VAE(nn.Module):
    def __init__(self, z=8):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.mu, self.logvar = nn.Linear(128, z), nn.Linear(128, z)
        self.fc = nn.Linear(z, 128)
        self.dec = nn.Sequential(
            nn.ReLU(),
            nn.Unflatten(1, (32, 2, 2)),
            nn.ConvTranspose2d(32, 16, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, 2, 1),
        )
        p = X[:1400].mean().clamp(0.01, 0.99)
        nn.init.constant_(self.dec[-1].bias, torch.log(p / (1 - p)).item())

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(self.fc(z)), mu, logvar


def elbo(model, x, beta):
    out, mu, logvar = model(x)
    rec = F.binary_cross_entropy_with_logits(out, x, reduction="sum") / len(x)
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    return rec + beta * kl


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(12):
    beta = min(1.0, (epoch + 1) / 6)
    for b in torch.randperm(1400).split(64):
        opt.zero_grad(set_to_none=True)
        loss = elbo(vae, X[b], beta)
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            f"Epoch {epoch + 1} beta {beta:.2f} train {loss.item():.2f} elbo {elbo(vae, X[1400:], 1.0).item():.2f}"
        )
