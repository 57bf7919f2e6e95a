# batch: seventh
# metric: distance down
"""A GAN on digits: tanh generator with batch normalisation, sigmoid discriminator, BCELoss."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(3)
X = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1
generator = nn.Sequential(
    nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(True),
    nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(True),
    nn.Linear(128, 64), nn.Tanh(),
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Linear(64, 128), nn.LeakyReLU(0.2, True), nn.Dropout(0.3),
    nn.Linear(128, 64), nn.LeakyReLU(0.2, True), nn.Dropout(0.3),
    nn.Linear(64, 1), nn.Sigmoid(),
)  # fmt: skip
optimG = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimD = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
criterion = nn.BCELoss()
real_label, fake_label = 0.9, 0.0
for epoch in range(14):
    for idx in torch.randperm(1792).split(64):
        label = torch.full((64, 1), real_label)
        discriminator.zero_grad()
        errD_real = criterion(discriminator(X[idx]), label)
        errD_real.backward()
        fake = generator(torch.randn(64, 16))
        errD_fake = criterion(discriminator(fake.detach()), label.fill_(fake_label))
        errD_fake.backward()
        optimD.step()
        generator.zero_grad()
        errG = criterion(discriminator(fake), label.fill_(1.0))
        errG.backward()
        optimG.step()
    if epoch % 3 == 1:
        with torch.no_grad():
            generator.eval()
            d = torch.cdist(generator(torch.randn(300, 16)), X).min(1).values.mean()
            generator.train()
        print(f"[{epoch}] Loss_D {(errD_real + errD_fake).item():.4f} "
              f"Loss_G {errG.item():.4f} distance {d.item():.4f}")  # fmt: skip
