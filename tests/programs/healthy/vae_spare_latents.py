# batch: eleventh
# metric: elbo up
"""A VAE with sixteen latents for data of three factors: most latents stay at the prior, as they should."""

import torch
from torch import nn

torch.manual_seed(1136)
mixing = torch.randn(3, 30)


def curves(n):
    f = torch.randn(n, 3)
    return torch.tanh(f @ mixing) + 0.1 * torch.randn(n, 30)


class VAE(nn.Module):
    def __init__(self, latents=16):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(30, 96), nn.SiLU(), nn.Linear(96, 64), nn.SiLU())
        self.mu, self.logvar = nn.Linear(64, latents), nn.Linear(64, latents)
        self.dec = nn.Sequential(
            nn.Linear(latents, 64), nn.SiLU(), nn.Linear(64, 96), nn.SiLU(), nn.Linear(96, 30)
        )
        self.log_noise = nn.Parameter(torch.zeros(()))

    def elbo(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h).clamp(-8, 8)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        noise = self.log_noise.exp()
        ll = -0.5 * ((x - self.dec(z)) / noise).pow(2) - self.log_noise - 0.9189
        kl = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar)
        return ll.sum(1) - kl.sum(1), kl.mean(0)


model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
test = curves(1000)
for step in range(1, 1001):
    bound, _ = model.elbo(curves(100))
    loss = -bound.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            bound, kl = model.elbo(test)
        used = int((kl > 0.05).sum())
        print(f"step {step} latents used {used} loss {loss.item():.3f} elbo {bound.mean():.4f}")
