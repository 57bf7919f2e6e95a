# batch: fifth
# in view: noise about a truth within the range
# metric: clean error down
"""Noise2Noise: both input and target are noisy, so many targets lie below zero, and their mean does not."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(24)
clean = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 16
train, test = clean[:1500], clean[1500:]
net = nn.Sequential(
    nn.Conv2d(1, 24, 3, padding=1), nn.LeakyReLU(0.1),
    nn.Conv2d(24, 24, 3, padding=1), nn.LeakyReLU(0.1),
    nn.Conv2d(24, 24, 3, padding=1), nn.LeakyReLU(0.1),
    nn.Conv2d(24, 1, 3, padding=1), nn.Sigmoid(),
)  # fmt: skip
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
noisy_test = test + 0.3 * torch.randn_like(test)
print("before", (noisy_test - test).pow(2).mean().item())
for epoch in range(8):
    for b in torch.randperm(1500).split(50):
        x = train[b]
        loss = nn.functional.mse_loss(
            net(x + 0.3 * torch.randn_like(x)), x + 0.3 * torch.randn_like(x)
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            f"epoch {epoch} loss {loss.item():.4f} clean error {(net(noisy_test) - test).pow(2).mean().item():.5f}"
        )
