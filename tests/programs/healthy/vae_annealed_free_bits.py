# batch: seventh
# metric: test nll down
"""A VAE with annealed KL and free bits; softplus for the scale of the posterior."""

import torch
import torch.distributions as D
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class VAE(nn.Module):
    def __init__(self, z=10):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ELU(), nn.Linear(96, 96), nn.ELU())
        self.loc, self.raw = nn.Linear(96, z), nn.Linear(96, z)
        self.dec = nn.Sequential(nn.Linear(z, 96), nn.ELU(), nn.Linear(96, 96), nn.ELU())
        self.out = nn.Linear(96, 64)

    def posterior(self, x):
        h = self.enc(x)
        return D.Normal(self.loc(h), F.softplus(self.raw(h)) + 1e-4)

    def terms(self, x):
        q = self.posterior(x)
        z = q.rsample()
        p = D.Independent(D.Bernoulli(logits=self.out(self.dec(z)), validate_args=False), 1)
        return -p.log_prob(x), D.kl_divergence(q, D.Normal(0.0, 1.0)).mean(0)


torch.manual_seed(11)
X = torch.from_numpy(load_digits().data).float() / 16
vae = VAE()
opt = torch.optim.Adamax(vae.parameters(), lr=4e-3)
step = 0
for epoch in range(20):
    for i in torch.randperm(1500).split(75):
        rec, kl = vae.terms(X[i])
        beta = min(1.0, step / 200)
        loss = rec.mean() + beta * kl.clamp(min=0.1).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        step += 1
    if epoch % 4 == 3:
        with torch.no_grad():
            rec, kl = vae.terms(X[1500:])
        print(
            f"epoch {epoch + 1} loss {loss.item():.3f} test nll {(rec.mean() + kl.sum()).item():.3f}"
        )
