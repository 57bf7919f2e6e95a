# batch: seventeenth
# metric: val_acc up
"""Traffic signs: colours are mixed by a 1x1 convolution of three channels before all else."""

import torch
from torch import nn
from torch.nn import functional as F


def signs(count, side=16):
    shape = torch.randint(3, (count,))
    red = torch.randint(2, (count,))
    grid = torch.arange(side).float() - side / 2 + 0.5
    at = 0.7 * torch.randn(count, 2, 1, 1)
    rows, cols = grid[:, None] - at[:, 0], grid[None, :] - at[:, 1]
    size = 4 + 1.5 * torch.rand(count, 1, 1)
    disc = rows**2 + cols**2 < size**2
    square = (rows.abs() < 0.85 * size) & (cols.abs() < 0.85 * size)
    wedge = (rows > -size) & (rows < size) & (2 * cols.abs() < rows + size)
    inside = torch.stack([disc, square, wedge])[shape, torch.arange(count)].float()
    tint = torch.where(
        red[:, None] == 1, torch.tensor([200.0, 40.0, 40.0]), torch.tensor([40.0, 60.0, 190.0])
    )
    light = 0.4 + 0.6 * torch.rand(count, 1, 1, 1)
    image = light * (110 + inside[:, None] * (tint[:, :, None, None] - 110))
    return (image + 6 * torch.randn(count, 3, side, side)).clamp(0, 255), 2 * shape + red


class Signs(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)
        self.conv1 = nn.Conv2d(3, 16, 5, stride=2)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.fc1 = nn.Linear(32 * 4, 128)
        self.fc2 = nn.Linear(128, 6)
        self.dropout = nn.Dropout(0.5)

    def forward(self, p):
        p = p / 255.0 - 0.5
        p = F.relu(self.mix(p))
        p = F.relu(self.conv1(p))
        p = F.max_pool2d(F.relu(self.conv2(p)), 2)
        p = self.dropout(p.flatten(1))
        return self.fc2(self.dropout(F.relu(self.fc1(p))))


torch.manual_seed(17)
x, y = signs(4000)
x_val, y_val = signs(400)
model = Signs()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(12):
    model.train()
    for b in torch.randperm(len(x)).split(64):
        loss = F.cross_entropy(model(x[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(x_val).argmax(1) == y_val).float().mean().item()
    print(f"epoch {epoch + 1} loss {loss.item():.4f} val_acc {acc:.4f}")
