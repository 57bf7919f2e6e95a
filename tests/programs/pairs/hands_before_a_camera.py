# batch: fourteenth
# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: pose error down
# story: pictures of depth went into a network in the camera's millimetres (a common slip with depth cameras; no single report is its source)
"""Where the tips of a hand are, from pictures of depth; a small net with residual blocks."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1423)
SIDE, TIPS = 20, 3


def frames(n):
    y, x = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
    tips = 4 + 12 * torch.rand(n, TIPS, 2)
    tips = tips.gather(1, tips[..., :1].argsort(1).expand(-1, -1, 2))
    depth = 600 + 500 * torch.rand(n, 1, 1)
    raised = torch.zeros(n, SIDE, SIDE)
    for k in range(TIPS):
        d2 = (x - tips[:, k, 0, None, None]) ** 2 + (y - tips[:, k, 1, None, None]) ** 2
        raised += (60 + 40 * k) * torch.exp(-d2 / 5)
    image = (depth - raised + 4 * torch.randn(n, SIDE, SIDE)).unsqueeze(1)
    return image, (tips.flatten(1) - 10) / 6


class Block(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(w, w, 3, padding=1), nn.Conv2d(w, w, 3, padding=1)

    def forward(self, x):
        return F.relu(x + self.c2(F.relu(self.c1(x))))


class HandNet(nn.Module):
    def __init__(self, w=16):
        super().__init__()
        self.stem = nn.Conv2d(1, w, 5, padding=2)
        self.block1, self.block2 = Block(w), Block(w)
        self.fc = nn.Linear(w * 25, 96)
        self.pose = nn.Linear(96, 2 * TIPS)

    def forward(self, x):
        x = (x - x.mean((1, 2, 3), keepdim=True)) / 30  # healthy
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        x = F.max_pool2d(self.block1(x), 2)
        return self.pose(F.relu(self.fc(self.block2(x).flatten(1))))


loader = DataLoader(TensorDataset(*frames(1200)), batch_size=32, shuffle=True)
image, pose = frames(300)
net = HandNet()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(1, 9):
    for a, b in loader:
        loss = F.smooth_l1_loss(net(a), b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = (net(image) - pose).abs().mean().item()
    print(f"epoch {epoch:2d}   loss {loss.item():8.5f}   pose error {error:8.5f}")
