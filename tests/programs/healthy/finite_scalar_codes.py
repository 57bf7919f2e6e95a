# batch: thirteenth
# metric: reconstruction error down
"""An autoencoder with rounded codes: tanh bounds each coordinate, rounding passes gradients straight."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

LEVELS = torch.tensor([8.0, 8.0, 8.0, 5.0, 5.0, 5.0])


class Quantiser(nn.Module):
    def forward(self, z):
        half = (LEVELS - 1) / 2
        bounded = torch.tanh(z) * half
        rounded = torch.round(bounded)
        return (bounded + (rounded - bounded).detach()) / half


class Codec(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 24, 3, 2, 1),
            nn.ELU(),
            nn.Conv2d(24, 48, 3, 2, 1),
            nn.ELU(),
            nn.Flatten(),
            nn.Linear(192, len(LEVELS)),
        )
        self.quantise = Quantiser()
        self.decoder = nn.Sequential(
            nn.Linear(len(LEVELS), 192),
            nn.ELU(),
            nn.Unflatten(1, (48, 2, 2)),
            nn.ConvTranspose2d(48, 24, 4, 2, 1),
            nn.ELU(),
            nn.ConvTranspose2d(24, 1, 4, 2, 1),
        )

    def forward(self, x):
        return self.decoder(self.quantise(self.encoder(x)))


torch.manual_seed(1338)
images = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 16
train, held = images[:1500], images[1500:]
codec = Codec()
optimizer = torch.optim.AdamW(codec.parameters(), lr=1e-3)
schedule = OneCycleLR(optimizer, max_lr=4e-3, total_steps=20 * 24)
for epoch in range(1, 21):
    for index in torch.randperm(1500).split(64):
        loss = nn.functional.mse_loss(codec(train[index]), train[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        print(
            f"epoch {epoch} loss {loss.item():.5f} reconstruction error {nn.functional.mse_loss(codec(held), held).item():.5f}"
        )
