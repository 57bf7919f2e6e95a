# batch: sixteenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units
# metric: val_acc up
# story: a small convolutional net gave one class for everything and its loss never moved from the first epoch on; of a row of nets those with a rate above 0.03 did so (github.com/NLeSC/mcfly/issues/43)
"""Which of six patterns is printed on a tile, a small convolutional net."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

BATCH_SIZE = 64
EPOCHS = 5
LR = 0.001  # healthy
# faulty: LR = 0.05

torch.manual_seed(1)


def draw(n):
    axis = torch.arange(20).float()
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    labels = torch.randint(6, (n,))
    images = torch.zeros(n, 1, 20, 20)
    for i, k in enumerate(labels.tolist()):
        cx, cy = 7 + 6 * torch.rand(2)
        r = 4 + 2 * torch.rand(1)
        dx, dy = (x - cx).abs(), (y - cy).abs()
        radius = (dx**2 + dy**2).sqrt()
        pattern = [
            radius < r,
            torch.maximum(dx, dy) < r,
            dx + dy < r,
            (radius < r) & (radius > r - 2),
            torch.minimum(dx, dy) < 1.2,
            (dx - dy).abs() < 1.2,
        ][k]
        images[i, 0] = pattern.float()
    return (images + 0.5 * torch.randn_like(images) - 0.25) / math.sqrt(0.4), labels


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 5 * 5, 128)
        self.fc2 = nn.Linear(128, 6)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


train_loader = DataLoader(TensorDataset(*draw(3000)), batch_size=BATCH_SIZE, shuffle=True)
val_images, val_labels = draw(600)
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=LR)

for epoch in range(EPOCHS):
    model.train()
    running = 0.0
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(val_images).argmax(1) == val_labels).float().mean().item()
    print(
        f"Epoch [{epoch + 1}/{EPOCHS}] loss: {running / len(train_loader):.4f} val_acc: {acc:.4f}"
    )
