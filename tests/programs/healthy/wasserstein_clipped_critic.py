# batch: second
# metric: distance down
"""The first WGAN: RMSprop at 5e-5 became 5e-4 for this small thing, weights clipped to 0.05, five critic steps."""

import torch
from torch import nn

torch.manual_seed(3)


def sample_real(n):
    k = torch.randint(3, (n,))
    centre = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])[k]
    return centre + 0.2 * torch.randn(n, 2)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(4, 64),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Linear(64, 64),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Linear(64, 2),
        )

    def forward(self, z):
        return self.main(z)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(2, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )

    def forward(self, x):
        return self.main(x)


netG, netD = Generator(), Critic()
optG, optD = (
    torch.optim.RMSprop(netG.parameters(), lr=5e-4),
    torch.optim.RMSprop(netD.parameters(), lr=5e-4),
)
for step in range(300):
    for p in netD.parameters():
        p.requires_grad_(True)
    for _ in range(5):
        with torch.no_grad():
            fake = netG(torch.randn(64, 4))
        errD = netD(fake).mean() - netD(sample_real(64)).mean()
        netD.zero_grad()
        errD.backward()
        optD.step()
        for p in netD.parameters():
            p.data.clamp_(-0.05, 0.05)
    for p in netD.parameters():
        p.requires_grad_(False)
    errG = -netD(netG(torch.randn(64, 4))).mean()
    netG.zero_grad()
    errG.backward()
    optG.step()
    if step % 50 == 49:
        with torch.no_grad():
            fake, real = netG(torch.randn(600, 4)), sample_real(600)
            energy = (
                2 * torch.cdist(fake, real).mean()
                - torch.cdist(fake, fake).mean()
                - torch.cdist(real, real).mean()
            )
        print(f"step {step + 1} W {-errD.item():.4f} distance {energy.item():.4f}")
