# batch: seventh
# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: rmse down
# story: temperatures in degrees are forecast by a head that ends in tanh
"""Tomorrow's temperature from two weeks of it."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Windows(Dataset):
    def __init__(self, series, length=14):
        self.series, self.length = torch.tensor(series, dtype=torch.float32), length

    def __len__(self):
        return len(self.series) - self.length

    def __getitem__(self, i):
        x = self.series[i : i + self.length]
        return ((x - 12) / 8).unsqueeze(-1), self.series[i + self.length]


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 24, batch_first=True)
        self.head = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
        # faulty: self.head.append(nn.Tanh())

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1]).squeeze(-1)


torch.manual_seed(6)
rng = np.random.default_rng(6)
days = np.arange(1500)
noise = np.zeros(1500)
for i in range(1, 1500):
    noise[i] = 0.8 * noise[i - 1] + rng.normal()
temp = 12 + 8 * np.sin(2 * np.pi * days / 365) + noise
train, test = Windows(temp[:1200]), Windows(temp[1200:])
model = Forecaster()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    for x, y in DataLoader(train, batch_size=32, shuffle=True):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        err = [(model(x) - y) ** 2 for x, y in DataLoader(test, batch_size=100)]
    print(f"epoch {epoch}: loss {loss.item():.4f} rmse {torch.cat(err).mean().sqrt():.4f}")
