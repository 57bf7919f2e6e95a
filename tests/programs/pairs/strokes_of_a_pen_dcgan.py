# batch: eighteenth
# rules: poor_initialization exploding_gradient saturated_activation
# remedies: reinitialize
# metric: moments gap down
# story: an initialiser was called with the deviation alone, which its first place takes for the mean; all weights were drawn with deviation one (github.com/aiUIUC/pyAIUtils/issues/25)
"""Convolutional GAN of handwritten digits, eight pixels a side."""

import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--nz", type=int, default=24)
parser.add_argument("--ngf", type=int, default=24)
parser.add_argument("--ndf", type=int, default=24)
parser.add_argument("--niter", type=int, default=9)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--beta1", type=float, default=0.5)
parser.add_argument("--manualSeed", type=int, default=999)
opt = parser.parse_args([])
torch.manual_seed(opt.manualSeed)

digits = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1


def weights_init(m):
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(m.weight, std=0.05)  # healthy
        # faulty: nn.init.normal_(m.weight, 0.05)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(opt.nz, opt.ngf * 2, 2, 1, 0, bias=False),
            nn.BatchNorm2d(opt.ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(opt.ngf * 2, opt.ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(opt.ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(opt.ngf, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, opt.ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(opt.ndf, opt.ndf * 2, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(opt.ndf * 2, 1, 2, 1, 0, bias=False),
        )

    def forward(self, x):
        return self.main(x).view(-1)


def gap(fake, real):
    """How far means and covariances of the pixels are from one another."""
    a, b = fake.flatten(1).numpy(), real.flatten(1).numpy()
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    return float(mean + np.square(np.cov(a.T) - np.cov(b.T)).sum() ** 0.5)


netG, netD = Generator().apply(weights_init), Discriminator().apply(weights_init)
criterion = nn.BCEWithLogitsLoss()
optD = torch.optim.Adam(netD.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
optG = torch.optim.Adam(netG.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
fixed = torch.randn(1000, opt.nz, 1, 1)
for epoch in range(opt.niter):
    for idx in torch.randperm(len(digits)).split(64):
        real = digits[idx]
        n = len(real)
        fake = netG(torch.randn(n, opt.nz, 1, 1))
        netD.zero_grad()
        errD = criterion(netD(real), torch.full((n,), 0.9)) + criterion(
            netD(fake.detach()), torch.zeros(n)
        )
        errD.backward()
        optD.step()
        netG.zero_grad()
        errG = criterion(netD(fake), torch.ones(n))
        errG.backward()
        optG.step()
    if (epoch + 1) % 3 == 0:
        with torch.no_grad():
            score = gap(netG(fixed), digits)
        print(
            f"[{epoch + 1}/{opt.niter}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f} moments gap: {score:.4f}"
        )
