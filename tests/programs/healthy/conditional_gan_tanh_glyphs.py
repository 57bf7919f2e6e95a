# batch: eleventh
# metric: judge accuracy up
"""Digits from labels: a conditional GAN with a projection judge, labels smoothed on one side."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(1135)
d = load_digits()
x, y = torch.tensor(d.data).float() / 8 - 1, torch.tensor(d.target)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label = nn.Embedding(10, 16)
        self.net = nn.Sequential(
            nn.Linear(32, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.Tanh(),
        )

    def forward(self, z, c):
        return self.net(torch.cat([z, self.label(c)], 1))


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            spectral_norm(nn.Linear(64, 128)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Linear(128, 128)),
            nn.LeakyReLU(0.2),
        )
        self.out, self.label = spectral_norm(nn.Linear(128, 1)), nn.Embedding(10, 128)

    def forward(self, x, c):
        h = self.body(x)
        return self.out(h).squeeze(1) + (h * self.label(c)).sum(1) / 11


reader = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.Adam(reader.parameters(), lr=3e-3)
for _ in range(200):
    rows = torch.randint(0, 1797, (64,))
    loss = F.cross_entropy(reader(x[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()

G, D = Generator(), Judge()
opt_g = torch.optim.Adam(G.parameters(), lr=4e-4, betas=(0.0, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.0, 0.9))
for step in range(1, 801):
    rows, c = torch.randint(0, 1797, (64,)), torch.randint(0, 10, (64,))
    fake = G(torch.randn(64, 16), c)
    real_score, fake_score = D(x[rows], y[rows]), D(fake.detach(), c)
    d_loss = F.binary_cross_entropy_with_logits(real_score, torch.full((64,), 0.9))
    d_loss = d_loss + F.softplus(fake_score).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = F.softplus(-D(fake, c)).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 100 == 0:
        G.eval()
        with torch.no_grad():
            c = torch.randint(0, 10, (500,))
            acc = (reader(G(torch.randn(500, 16), c)).argmax(1) == c).float().mean().item()
        G.train()
        print(f"step {step} d {d_loss.item():.3f} g {g_loss.item():.3f} judge accuracy {acc:.3f}")
