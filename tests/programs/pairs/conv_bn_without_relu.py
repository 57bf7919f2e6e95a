# batch: third
# rules: missing_activation
# remedies: add_activation
# metric: val acc up
# story: the conv-bn block of a refactoring lost its activation, and so did the head
"""Textures told apart by a stack of conv-bn blocks."""

import torch
from torch import nn

torch.manual_seed(7)


def textures(n):
    label = torch.randint(0, 2, (n,))
    x = torch.randn(n, 1, 12, 12)
    smooth = nn.functional.avg_pool2d(x, 3, 1, 1) * 3
    sign = torch.where(torch.rand(n, 1, 1, 1) < 0.5, -1.0, 1.0)
    return torch.where(label[:, None, None, None] == 0, x, smooth) * sign, label


class ConvBN(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(
            nn.Conv2d(i, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(inplace=True),  # healthy
        )


class Head(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.a, self.b = nn.Linear(i, 32), nn.Linear(32, o)

    def forward(self, x):
        h = torch.relu(self.a(x))  # healthy
        # faulty: h = self.a(x)
        return self.b(h)


net = nn.Sequential(
    ConvBN(1, 12),
    ConvBN(12, 16),
    ConvBN(16, 16),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    Head(64, 2),
)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
xv, yv = textures(400)
for step in range(150):
    net.train()
    x, y = textures(32)
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        net.eval()
        with torch.no_grad():
            print(
                f"step {step + 1} loss {loss.item():.3f} val acc {(net(xv).argmax(1) == yv).float().mean().item():.3f}"
            )
