# batch: fourth
# metric: reconstruction down
"""Convolutional autoencoder of digits scaled to -1 … 1 with a tanh at the end, as for GANs."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(8)
images = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.2),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(128, 16),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(16, 128), nn.ReLU(), nn.Unflatten(1, (32, 2, 2)),
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, x):
        return self.decoder(self.encoder(x))


ae = AutoEncoder()
opt = torch.optim.Adam(ae.parameters(), 2e-3)
for epoch in range(10):
    running = 0.0
    for batch in images[torch.randperm(len(images))].split(64):
        loss = (ae(batch) - batch).square().mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        running += loss.item() * len(batch)
    print(f"[{epoch}] reconstruction {running / len(images):.4f}")
