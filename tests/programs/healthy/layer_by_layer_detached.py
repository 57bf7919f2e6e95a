# batch: tenth
# metric: accuracy up
"""Each block has its own little head and optimiser, and sees the block before it detached."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1040)


class LocalBlock(nn.Module):
    def __init__(self, body, features):
        super().__init__()
        self.body, self.head = body, nn.Linear(features, 10)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=2e-3)

    def forward(self, x):
        return self.body(x)

    def learn(self, x, y):
        h = self(x)
        loss = F.cross_entropy(self.head(h.flatten(1)), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return h.detach(), loss.item()


digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1).div(16)
y = torch.tensor(digits.target)
blocks = nn.ModuleList(
    [
        LocalBlock(nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)), 256),
        LocalBlock(nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)), 128),
        LocalBlock(nn.Sequential(nn.Flatten(), nn.Linear(128, 64), nn.ReLU()), 64),
    ]
)
for epoch in range(10):
    for rows in torch.randperm(1400).split(40):
        h, losses = x[rows], []
        for block in blocks:
            h, loss = block.learn(h, y[rows])
            losses.append(loss)
    with torch.no_grad():
        h = x[1400:]
        for block in blocks:
            h = block(h)
        right = (blocks[-1].head(h).argmax(1) == y[1400:]).float().mean().item()
    print("epoch", epoch, "losses", [round(v, 3) for v in losses], "accuracy", round(right, 4))
