# batch: seventh
# metric: iou up
"""A U-Net that finds discs in noise; BCE with logits and a positive weight."""

import torch
import torch.nn as nn


def double(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(inplace=True),
        nn.Conv2d(cout, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(inplace=True),
    )  # fmt: skip


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1, self.d2, self.mid = double(1, c), double(c, 2 * c), double(2 * c, 4 * c)
        self.up2, self.u2 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2), double(4 * c, 2 * c)
        self.up1, self.u1 = nn.ConvTranspose2d(2 * c, c, 2, 2), double(2 * c, c)
        self.out = nn.Conv2d(c, 1, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        m = self.mid(self.pool(b))
        y = self.u2(torch.cat([self.up2(m), b], 1))
        y = self.u1(torch.cat([self.up1(y), a], 1))
        return self.out(y)


def discs(n, size=16):
    grid = torch.arange(size).float()
    cx, cy = 3 + 10 * torch.rand(2, n, 1, 1)
    r = 1.5 + 2.5 * torch.rand(n, 1, 1)
    mask = ((grid[None, None] - cx) ** 2 + (grid[None, :, None] - cy) ** 2 < r**2).float()
    return (mask + 0.7 * torch.randn(n, size, size))[:, None], mask[:, None]


torch.manual_seed(10)
x, m = discs(240)
xt, mt = discs(60)
net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
crit = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
for epoch in range(8):
    net.train()
    for b in torch.randperm(240).split(20):
        loss = crit(net(x[b]), m[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        p = net(xt) > 0
    iou = (p & (mt > 0.5)).sum() / (p | (mt > 0.5)).sum()
    print(f"epoch {epoch} loss {loss.item():.4f} iou {iou.item():.4f}")
