# batch: seventeenth
# in view: the unit of an autoencoder's inputs behind an output that is freed of its bounds
# rules: unnormalized_input unsuitable_output_activation saturated_activation
# remedies: normalize_input remove_output_activation insert_normalization
# metric: error down
# story: grey levels from 0 to 255 went as they were into a tutorial's autoencoder that ends in a sigmoid, reconstructions came out far worse than the tutorial's (github.com/keras-team/keras/issues/3642)
"""Simplest autoencoder: handwritten digits in and out, a code of 24 numbers between."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(36)
pixels = torch.tensor(load_digits().data * 255 / 16, dtype=torch.float32).round()
scale = 255.0  # healthy
# faulty: scale = 1.0
pixels = pixels / scale
train, test = pixels[:1500], pixels[1500:]


class Autoencoder(nn.Module):
    def __init__(self, code=24):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, code), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = Autoencoder()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1, 31):
    for batch in DataLoader(train, batch_size=50, shuffle=True):
        loss = criterion(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            error = (model(test) - test).abs().mean().item() * scale
        print(f"epoch {epoch}: loss {loss.item():.5g}, error {error:.2f} grey levels")
