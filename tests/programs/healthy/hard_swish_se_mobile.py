# batch: third
# metric: top-1 up
"""MobileNetV3-like: hard swish, squeeze-and-excite with hard sigmoid, depthwise 5x5, SGD 0.1 with cosine."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(121)


class SE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c, max(4, c // 4), 1), nn.Conv2d(max(4, c // 4), c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.b(F.relu(self.a(x.mean((2, 3), keepdim=True)))))


class Inverted(nn.Module):
    def __init__(self, i, e, o, s, act):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(i, e, 1, bias=False), nn.BatchNorm2d(e), act(),
            nn.Conv2d(e, e, 5, s, 2, groups=e, bias=False), nn.BatchNorm2d(e), act(), SE(e),
            nn.Conv2d(e, o, 1, bias=False), nn.BatchNorm2d(o),
        )  # fmt: skip
        self.keep = i == o and s == 1

    def forward(self, x):
        return x + self.block(x) if self.keep else self.block(x)


net = nn.Sequential(
    nn.Conv2d(1, 12, 3, 1, 1, bias=False), nn.BatchNorm2d(12), nn.Hardswish(),
    Inverted(12, 32, 16, 2, nn.ReLU), Inverted(16, 48, 16, 1, nn.Hardswish), Inverted(16, 48, 24, 2, nn.Hardswish),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 64), nn.Hardswish(), nn.Linear(64, 10),
)  # fmt: skip
d = load_digits()
X, Y = torch.tensor(d.images / 8 - 1, dtype=torch.float32)[:, None], torch.tensor(d.target)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6)
for epoch in range(6):
    net.train()
    for i in torch.randperm(1400).split(64):
        loss = F.cross_entropy(net(X[i]), Y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    net.eval()
    with torch.no_grad():
        print(
            f"epoch {epoch} loss {loss.item():.3f} top-1 {(net(X[1400:]).argmax(1) == Y[1400:]).float().mean().item():.3f}"
        )
