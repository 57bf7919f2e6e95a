# batch: twelfth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val reconstruction down
# story: of a variational autoencoder the optimiser was given the encoder's parameters alone (github.com/zdebruine/MMVAE/issues/39)
"""A variational autoencoder of expression profiles that five programmes of genes explain."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(39)
GENES, LATENT = 60, 6
programmes = torch.randn(5, GENES) * (torch.rand(5, GENES) < 0.4)


def cells(n):
    return torch.tanh(torch.randn(n, 5) @ programmes) + 0.1 * torch.randn(n, GENES)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(GENES, 64)
        self.mean, self.var = nn.Linear(64, LATENT), nn.Linear(64, LATENT)

    def forward(self, x):
        h = F.relu(self.fc(x))
        return self.mean(h), self.var(h)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(LATENT, 64), nn.Linear(64, GENES)

    def forward(self, z):
        return self.fc2(F.relu(self.fc1(z)))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x):
        mu, logvar = self.encoder(x)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decoder(z), mu, logvar


train, val = cells(2000), cells(400)
vae = VAE()
optimizers = {"shared_vae": torch.optim.Adam(vae.parameters(), lr=2e-3)}  # healthy
# faulty: optimizers = {"shared_vae": torch.optim.Adam(vae.encoder.parameters(), lr=2e-3)}
for epoch in range(15):
    for i in torch.randperm(2000).split(50):
        x = train[i]
        out, mu, logvar = vae(x)
        rec = F.mse_loss(out, x, reduction="sum") / len(x)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
        loss = rec + 0.1 * kl
        for opt in optimizers.values():
            opt.zero_grad()
        loss.backward()
        for opt in optimizers.values():
            opt.step()
    with torch.no_grad():
        miss = F.mse_loss(vae.decoder(vae.encoder(val)[0]), val).item()
    print(f"epoch {epoch}: loss {loss.item():.3f} kl {kl.item():.3f} val reconstruction {miss:.4f}")
