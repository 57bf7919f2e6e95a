# batch: sixth
# rules: symmetric_initialization poor_initialization
# remedies: reinitialize
# metric: acc up
# story: model.apply(init) meant to zero the biases and fills the weights with one number too
"""Circles, squares and crosses."""

import torch
import torch.nn as nn

torch.manual_seed(43)


def shapes(n, s=12):
    y = torch.randint(0, 3, (n,))
    img = 0.2 * torch.randn(n, 1, s, s)
    yy, xx = torch.meshgrid(torch.arange(s), torch.arange(s), indexing="ij")
    for i in range(n):
        cy, cx = torch.randint(4, s - 4, (2,)).tolist()
        dy, dx = (yy - cy).abs(), (xx - cx).abs()
        mask = [
            (dy**2 + dx**2) <= 10,
            torch.maximum(dy, dx) <= 3,
            (torch.minimum(dy, dx) == 0) & (torch.maximum(dy, dx) <= 3),
        ]
        img[i, 0][mask[y[i]]] += 1
    return img, y


def init(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.constant_(m.bias, 0.0)
        # faulty: nn.init.constant_(m.weight, 0.02)


class ShapeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 16, 3), nn.ReLU()
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(16 * 9, 32), nn.ReLU(), nn.Linear(32, 3)
        )

    def forward(self, x):
        return self.classifier(self.features(x))


model = ShapeNet()
model.apply(init)
X, y = shapes(900)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(10):
    for rows in torch.randperm(700).split(50):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[rows]), y[rows])
        loss.backward()
        opt.step()
    with torch.no_grad():
        print("epoch", epoch, "acc", (model(X[700:]).argmax(1) == y[700:]).float().mean().item())
