# metric: val loss down
"""Variational autoencoder, Bernoulli likelihood, annealed KL."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
X = torch.tensor(load_digits().data / 16, dtype=torch.float32)


class VAE(nn.Module):
    def __init__(self, latent=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 2 * latent))
        self.dec = nn.Sequential(nn.Linear(latent, 96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def elbo(out, x, beta):
    recon, mu, logvar = out
    bce = F.binary_cross_entropy(recon, x, reduction="sum") / len(x)
    kld = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    return bce + beta * kld


model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(10):
    model.train()
    beta = min(1.0, epoch / 5)
    for b in torch.randperm(1500).split(50):
        opt.zero_grad()
        loss = elbo(model(X[b]), X[b], beta)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = elbo(model(X[1500:]), X[1500:], 1.0)
    print(
        f"epoch {epoch:2d} beta {beta:.1f} train loss {loss.item():.3f} val loss {val.item():.3f}"
    )
