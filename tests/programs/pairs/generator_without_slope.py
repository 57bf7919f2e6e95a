# batch: sixth
# rules: vanishing_gradient saturated_activation learning_rate_too_high
# remedies: lower_learning_rate swap_activation stabilize_loss
# in view: a minimax loss under a sure critic
# metric: distance down
# story: the minimax loss log(1 - D(G(z))) with a critic that learns twenty times faster: it is sure at once, and the generator gets no gradient (Goodfellow et al. 2014, section 3)
"""A one-dimensional GAN."""

import argparse

import torch
import torch.nn as nn

cfg = argparse.ArgumentParser()
cfg.add_argument("--steps", type=int, default=500)
cfg.add_argument("--batch", type=int, default=128)
cfg.add_argument("--d-rate", type=float, default=2e-3)  # healthy
# faulty: cfg.add_argument("--d-rate", type=float, default=5e-2)
cfg = cfg.parse_args()
torch.manual_seed(9)

G = nn.Sequential(nn.Linear(4, 32), nn.ELU(), nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 1))
D = nn.Sequential(
    nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1), nn.Sigmoid()
)
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=cfg.d_rate, betas=(0.5, 0.999))
bce = nn.BCELoss()
ones, zeros = torch.ones(cfg.batch, 1), torch.zeros(cfg.batch, 1)

for step in range(cfg.steps):
    real = torch.randn(cfg.batch, 1) * 0.5 + 6
    fake = G(torch.randn(cfg.batch, 4))
    d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    score = D(G(torch.randn(cfg.batch, 4)))
    g_loss = bce(score, ones)  # healthy
    # faulty: g_loss = -bce(score, zeros)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 100 == 99:
        print(f"{step + 1} D {d_loss.item():.3f} G {g_loss.item():.3f}")
with torch.no_grad():
    sample = G(torch.randn(2000, 4)).flatten().sort().values
    truth = (torch.randn(2000) * 0.5 + 6).sort().values
print("distance", (sample - truth).abs().mean().item())
