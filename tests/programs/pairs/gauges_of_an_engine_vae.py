# batch: sixteenth
# rules: non_finite unnormalized_input exploding_gradient
# remedies: stabilize_loss normalize_input clip_gradients lower_learning_rate
# metric: recon down
# story: the log variance of the encoder had no bound and its exponential overflowed on some tables of data, the loss was nan from there (github.com/vanderschaarlab/synthcity/issues/331)
"""A variational autoencoder of the gauges of an engine."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    latent: int = 4
    hidden: int = 64
    batch: int = 64
    lr: float = 2e-3
    epochs: int = 10
    beta: float = 0.05


class VAE(nn.Module):
    def __init__(self, n, cfg):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n, cfg.hidden), nn.ReLU())
        self.fc_mu = nn.Linear(cfg.hidden, cfg.latent)
        self.fc_logvar = nn.Linear(cfg.hidden, cfg.latent)
        self.decoder = nn.Sequential(
            nn.Linear(cfg.latent, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, n)
        )

    def reparameterize(self, mu, logvar):
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

    def forward(self, x):
        h = self.encoder(x)
        mu, logvar = self.fc_mu(h), self.fc_logvar(h)
        return self.decoder(self.reparameterize(mu, logvar)), mu, logvar


def engine(n):
    torch.manual_seed(11)
    state = torch.randn(n, 4)
    mix = torch.randn(4, 10)
    clean = torch.tanh(state @ mix) + 0.1 * torch.randn(n, 10)
    unit = torch.tensor([1, 1, 300, 90, 2, 1500, 40, 1, 700, 12.0])
    offset = torch.tensor([0, 1, 900, 85, 0, 2200, 20, 3, 400, 14.0])
    return clean * unit + offset


cfg = Config()
data = engine(4000)
mean, std = data.mean(0), data.std(0)
scaled = (data - mean) / std
feed = scaled  # healthy
# faulty: feed = data
train = DataLoader(TensorDataset(feed[:3200], scaled[:3200]), cfg.batch, shuffle=True)
model = VAE(data.shape[1], cfg)
optimizer = optim.Adam(model.parameters(), lr=cfg.lr)
for epoch in range(cfg.epochs):
    for x, target in train:
        out, mu, logvar = model(x)
        recon = F.mse_loss(out, target)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        loss = recon + cfg.beta * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        out, mu, logvar = model(feed[3200:])
        recon = F.mse_loss(out, scaled[3200:]).item()
    print(f"[{epoch + 1}/{cfg.epochs}] loss={loss.item():.4f} recon={recon:.4f}")
