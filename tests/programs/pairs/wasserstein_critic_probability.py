# batch: ninth
# in view: bounded scores of a critic
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: distance down
# story: the GAN was turned into a Wasserstein GAN, RMSprop and clipping and all, and its critic still ends in a sigmoid (gans-with-pytorch issue 2, tensorflow2-generative-models issue 16, and others)
"""Wasserstein GAN on a shifted mixture in the plane."""

import torch
import torch.nn as nn

torch.manual_seed(907)
centres = torch.tensor([[4.0, 4.0], [6.0, 2.5], [5.0, 6.0]])


def real(n):
    return centres[torch.randint(0, 3, (n,))] + 0.3 * torch.randn(n, 2)


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
        )

    def forward(self, z):
        return self.net(z)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )

    def forward(self, x):
        out = self.net(x)
        # faulty: out = torch.sigmoid(out)
        return out


g, d = G(), D()
opt_g = torch.optim.RMSprop(g.parameters(), lr=5e-4)
opt_d = torch.optim.RMSprop(d.parameters(), lr=5e-4)


def sliced(a, b):
    w = torch.randn(2, 50, generator=torch.Generator().manual_seed(1))
    w = w / w.norm(dim=0)
    return ((a @ w).sort(0).values - (b @ w).sort(0).values).abs().mean().item()


for step in range(601):
    for _ in range(3):
        fake = g(torch.randn(64, 4)).detach()
        loss_d = d(fake).mean() - d(real(64)).mean()
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        with torch.no_grad():
            for p in d.parameters():
                p.clamp_(-0.1, 0.1)
    loss_g = -d(g(torch.randn(64, 4))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if step % 100 == 0:
        with torch.no_grad():
            gap = sliced(g(torch.randn(1000, 4)), real(1000))
        print("step", step, "critic", loss_d.item(), "distance", gap)
