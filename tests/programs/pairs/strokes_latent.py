# batch: thirteenth
# in view: the gradient of a loss that is infinite at once tells of that alone
# rules: non_finite
# remedies: stabilize_loss swap_activation
# metric: elbo up
# story: the spread of a latent came out of a ReLU and went into a logarithm, and the bound was nan within a few steps (ar5iv.labs.arxiv.org/html/2106.13739 tells how often the variance's form does it)
"""Variational autoencoder of handwritten digits, with its class and train function."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class VariationalAutoencoder(nn.Module):
    def __init__(self, latent=6, hidden=96):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh()
        )
        self.loc, self.scale = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, 64))

    def posterior(self, x):
        h = self.encoder(x)
        scale = F.softplus(self.scale(h)) + 1e-4  # healthy
        # faulty: scale = F.relu(self.scale(h))
        return self.loc(h), scale

    def elbo(self, x):
        loc, scale = self.posterior(x)
        z = loc + scale * torch.randn_like(scale)
        rec = -F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1)
        kl = (0.5 * (loc**2 + scale**2 - 1) - torch.log(scale)).sum(1)
        return (rec - kl).mean()


def train(model, loader, epochs, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        total = 0.0
        for (x,) in loader:
            optimizer.zero_grad()
            loss = -model.elbo(x)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        with torch.no_grad():
            bound = model.elbo(held).item()
        print(f"epoch {epoch} train {total / len(loader.dataset):.3f} elbo {bound:.3f}")


torch.manual_seed(1306)
pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16
held = pixels[1500:]
train(
    VariationalAutoencoder(), DataLoader(TensorDataset(pixels[:1500]), 64, shuffle=True), 15, 2e-3
)
