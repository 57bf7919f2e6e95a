# batch: ninth
# metric: mae down
"""Battery charge in percent, kept in range by a sigmoid that is scaled; many are full or empty."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(941)
torch.manual_seed(941)
volts = rng.normal(3.7, 0.25, (3000, 1))
amps = rng.normal(0, 1, (3000, 1))
temp = rng.normal(20, 8, (3000, 1))
charge = np.clip((volts - 3.7 + 0.05 * amps) / 0.25 * 45 + 50 + rng.normal(0, 2, (3000, 1)), 0, 100)
x = np.hstack([volts, amps, temp])
x = (x - x.mean(0)) / x.std(0)
x, charge = torch.tensor(x, dtype=torch.float32), torch.tensor(charge, dtype=torch.float32)


class Gauge(nn.Module):
    low, high = -5.0, 105.0

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(3, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(self, x):
        h = self.fc2(self.fc1(x).tanh()).tanh()
        return self.low + (self.high - self.low) * torch.sigmoid(self.fc3(h))


gauge = Gauge()
opt = torch.optim.Adam(gauge.parameters(), lr=2e-3)
for epoch in range(25):
    for idx in torch.randperm(2400).split(60):
        loss = nn.functional.smooth_l1_loss(gauge(x[idx]), charge[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            print("epoch", epoch + 1, "mae", (gauge(x[2400:]) - charge[2400:]).abs().mean().item())
