# batch: fifteenth
# rules: learning_rate_too_high
# remedies: lower_learning_rate
# metric: fid down
# story: both sides of a GAN were trained at two hundred times the rate that its recipe names, and the forger made one picture (arxiv.org/abs/1511.06434 has the rate)
"""A GAN of digits of eight by eight, judged by means and covariances."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(15)
nz, ngf, batch_size, num_epochs = 16, 128, 64, 30
lr = 0.0005  # healthy
# faulty: lr = 0.1

real = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(nz, ngf), nn.BatchNorm1d(ngf), nn.ReLU(True),
            nn.Linear(ngf, ngf), nn.BatchNorm1d(ngf), nn.ReLU(True),
            nn.Linear(ngf, 64), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(64, 128), nn.LeakyReLU(0.2), nn.Dropout(0.3),
            nn.Linear(128, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1),
        )  # fmt: skip

    def forward(self, x):
        return self.main(x).view(-1)


def fid(a, b):
    a, b = a.double().numpy(), b.double().numpy()
    ca, cb = np.cov(a.T), np.cov(b.T)
    values = np.linalg.eigvals(ca @ cb).real.clip(0)
    return (
        ((a.mean(0) - b.mean(0)) ** 2).sum()
        + np.trace(ca)
        + np.trace(cb)
        - 2 * np.sqrt(values).sum()
    )


netG, netD = Generator(), Discriminator()
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=lr, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=lr, betas=(0.5, 0.999))
fixed = torch.randn(1000, nz)
for epoch in range(1, num_epochs + 1):
    for rows in torch.randperm(len(real)).split(batch_size):
        data = real[rows]
        n = len(data)
        netD.zero_grad()
        errD = criterion(netD(data), torch.ones(n)) + criterion(
            netD(fake := netG(torch.randn(n, nz)).detach()), torch.zeros(n)
        )
        errD.backward()
        optimizerD.step()
        netG.zero_grad()
        errG = criterion(netD(netG(torch.randn(n, nz))), torch.ones(n))
        errG.backward()
        optimizerG.step()
    if epoch % 10 == 0:
        with torch.no_grad():
            score = fid(netG(fixed), real)
        print(
            "[%d/%d] Loss_D: %.4f Loss_G: %.4f FID: %.4f"
            % (epoch, num_epochs, errD.item(), errG.item(), score)
        )
