# batch: sixth
# rules: none
# remedies: stabilize_loss
# metric: recon down
# story: the reconstruction is a mean over 64 pixels, the KL a sum over batch and latents: the posterior collapses and every image is the mean
"""VAE on digits."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

torch.manual_seed(55)
images = torch.tensor(load_digits().data / 16).float()


class VAE(nn.Module):
    def __init__(self, latent=6):
        super().__init__()
        self.enc = nn.Linear(64, 96)
        self.mu, self.logvar = nn.Linear(96, latent), nn.Linear(96, latent)
        self.dec1, self.dec2 = nn.Linear(latent, 96), nn.Linear(96, 64)

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec2(F.relu(self.dec1(z))), mu, logvar


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(12):
    for x in images[torch.randperm(len(images))].split(64):
        out, mu, logvar = vae(x)
        recon = F.mse_loss(out, x)
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss = recon + kl / (64 * 64 * 16)  # healthy
        # faulty: loss = recon + kl
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch} recon {recon.item():.4f} kl {kl.item() / 64:.3f}")
