# batch: seventeenth
# metric: val_mse down
"""Steering from pictures: five strided ELU convolutions, half dropped, Adam at 2e-4."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)


def drive(n, rows=20, columns=32):
    bend = torch.randn(n, 1, 1).clamp(-1.5, 1.5)
    y = torch.linspace(0, 1, rows).view(1, -1, 1)
    x = torch.linspace(-1, 1, columns).view(1, 1, -1)
    left = ((x - 0.5 * bend * y**2 + 0.4 * (1.3 - y)).abs() < 0.08).float()
    right = ((x - 0.5 * bend * y**2 - 0.4 * (1.3 - y)).abs() < 0.08).float()
    light = 60 + 120 * torch.rand(n, 1, 1)
    frame = light + 70 * (left + right) + 10 * torch.randn(n, rows, columns)
    return frame.clamp(0, 255).unsqueeze(1), 0.4 * bend.view(n)


model = nn.Sequential(
    nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.ELU(),
    nn.Conv2d(12, 18, 5, stride=2, padding=2), nn.ELU(),
    nn.Conv2d(18, 24, 5, stride=2, padding=2), nn.ELU(),
    nn.Conv2d(24, 32, 3, padding=1), nn.ELU(),
    nn.Conv2d(32, 32, 3, padding=1), nn.ELU(),
    nn.Dropout(0.5), nn.Flatten(),
    nn.Linear(32 * 12, 50), nn.ELU(),
    nn.Linear(50, 10), nn.ELU(),
    nn.Linear(10, 1),
)  # fmt: skip

frames, wheel = drive(2000)
frames = frames / 127.5 - 1
loader = DataLoader(TensorDataset(frames[:1700], wheel[:1700]), batch_size=50, shuffle=True)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)
for epoch in range(1, 13):
    model.train()
    for frame, angle in loader:
        loss = nn.functional.mse_loss(model(frame).squeeze(1), angle)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(frames[1700:]).squeeze(1), wheel[1700:])
    print(f"epoch {epoch:2d} train_mse {loss.item():.4f} val_mse {val.item():.4f}")
