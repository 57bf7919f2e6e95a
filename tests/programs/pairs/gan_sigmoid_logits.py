# batch: third
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: moment gap down
# story: BCELoss was exchanged for BCEWithLogitsLoss as a tutorial says, the discriminator's sigmoid stayed
# in view: losses of players come last, gaps count
"""GAN on rows of a standardised table."""

import torch
from sklearn.datasets import load_wine
from torch import nn

torch.manual_seed(15)
table = torch.tensor(load_wine().data, dtype=torch.float32)
table = ((table - table.mean(0)) / table.std(0))[:, :6]
table = torch.stack([table[:, 0] + 3, table[:, 1] - 3, *table[:, 2:].T], 1)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(6, 64), nn.LeakyReLU(0.2), nn.Dropout(0.1),
            nn.Linear(64, 64), nn.LeakyReLU(0.2),
            nn.Linear(64, 1),  # healthy
            # faulty: nn.Linear(64, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.model(x).view(-1)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 6)
        )

    def forward(self, z):
        return self.model(z)


discriminator, generator = Discriminator(), Generator()
criterion = nn.BCEWithLogitsLoss()
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_g = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.999))
for step in range(500):
    real = table[torch.randint(len(table), (48,))]
    fake = generator(torch.randn(48, 10))
    optimizer_d.zero_grad()
    loss_d = criterion(discriminator(real), torch.ones(48)) + criterion(
        discriminator(fake.detach()), torch.zeros(48)
    )
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss_g = criterion(discriminator(fake), torch.ones(48))
    loss_g.backward()
    optimizer_g.step()
with torch.no_grad():
    sample = generator(torch.randn(800, 10))
gap = (sample.mean(0) - table.mean(0)).norm() + (sample.std(0) - table.std(0)).norm()
print(f"loss_d {loss_d.item():.3f} loss_g {loss_g.item():.3f} moment gap {gap.item():.3f}")
