# batch: seventh
# rules: unsuitable_output_activation unsuitable_activation
# remedies: remove_output_activation
# metric: test elbo up
# story: both heads of the encoder end in ReLU: the spread of the posterior can't fall below one
"""A VAE on the digits."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class VAE(nn.Module):
    def __init__(self, latent=8):
        super().__init__()
        self.enc = nn.Linear(64, 128)
        self.mu = nn.Linear(128, latent)
        self.logvar = nn.Linear(128, latent)
        self.dec1 = nn.Linear(latent, 128)
        self.dec2 = nn.Linear(128, 64)

    def encode(self, x):
        h = F.relu(self.enc(x))
        return self.mu(h), self.logvar(h)  # healthy
        # faulty: return F.relu(self.mu(h)), F.relu(self.logvar(h))

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec2(F.relu(self.dec1(z))), mu, logvar


def elbo(model, x):
    logits, mu, logvar = model(x)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1)
    return -(rec + kl).mean()


torch.manual_seed(7)
X = torch.tensor(load_digits().data / 16, dtype=torch.float32)
model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(25):
    for idx in torch.randperm(1500).split(60):
        loss = -elbo(model, X[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            print(f"epoch {epoch + 1} loss {loss.item():.3f} test elbo {elbo(model, X[1500:]):.3f}")
