# batch: sixteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: Acc@1 up
# story: the scheduler was stepped inside the loop over the batches, so that the rate fell after every batch and not after every epoch (github.com/ivadomed/ivadomed/pull/55)
"""Leaves of eight trees, a small residual net with a falling rate."""

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


class BasicBlock(nn.Module):
    def __init__(self, c_in, c, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        self.conv2 = nn.Conv2d(c, c, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or c_in != c:
            self.downsample = nn.Sequential(
                nn.Conv2d(c_in, c, 1, stride, bias=False), nn.BatchNorm2d(c)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + identity)


class ResNet(nn.Module):
    def __init__(self, kinds=8):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        )
        self.layer1 = BasicBlock(8, 8)
        self.layer2 = BasicBlock(8, 16, 2)
        self.layer3 = BasicBlock(16, 32, 2)
        self.fc = nn.Linear(32, kinds)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.stem(x))))
        return self.fc(x.mean((2, 3)))


def leaves(n):
    y = torch.randint(8, (n,))
    axis = torch.linspace(-1, 1, 16)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    angle, radius = torch.atan2(v, u), (u**2 + v**2).sqrt()
    turn = 6.28 * torch.rand(n, 1, 1)
    lobes = (y % 4 + 2).view(-1, 1, 1).float()
    depth = torch.where(y < 4, 0.25, 0.45).view(-1, 1, 1)
    edge = 0.7 + depth * torch.cos(lobes * (angle + turn)) * 0.7
    x = (radius < edge).float() + 0.4 * torch.randn(n, 16, 16) - 0.4
    return x.unsqueeze(1), y


torch.manual_seed(0)
train_loader = DataLoader(TensorDataset(*leaves(2000)), batch_size=32, shuffle=True)
x_val, y_val = leaves(500)
model = ResNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
scheduler = StepLR(optimizer, step_size=3, gamma=0.2)
for epoch in range(5):
    model.train()
    for x, y in train_loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # faulty: scheduler.step()
    scheduler.step()  # healthy
    model.eval()
    with torch.no_grad():
        acc = (model(x_val).argmax(1) == y_val).float().mean().item()
    print(f" * Epoch {epoch} Loss {loss.item():.3f} Acc@1 {acc:.3f}")
