# batch: tenth
# metric: dice up
"""Segment blobs with a small U-Net whose coarse outputs are taught too; dice on sigmoids."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1031)


def scans(n, size=24):
    yx = torch.stack(torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij"), -1)
    mask = torch.zeros(n, size, size)
    for _ in range(3):
        at, r = torch.randint(3, size - 3, (n, 1, 1, 2)), 2 + 3 * torch.rand(n, 1, 1)
        mask = torch.maximum(mask, ((yx - at).float().norm(dim=-1) < r).float())
    noise = F.avg_pool2d(torch.randn(n, 1, size, size), 3, 1, 1) * 1.5
    return 0.8 * mask.unsqueeze(1) + noise, mask.unsqueeze(1)


def conv(a, b):
    return nn.Sequential(
        nn.Conv2d(a, b, 3, padding=1, bias=False),
        nn.InstanceNorm2d(b, affine=True),
        nn.LeakyReLU(0.01),
    )


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2, self.d3 = conv(1, 12), conv(12, 24), conv(24, 32)
        self.u2, self.u1 = conv(56, 24), conv(36, 12)
        self.side = nn.ModuleList([nn.Conv2d(c, 1, 1) for c in (12, 24, 32)])

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        c = self.d3(F.max_pool2d(b, 2))
        e = self.u2(torch.cat([F.interpolate(c, scale_factor=2), b], 1))
        d = self.u1(torch.cat([F.interpolate(e, scale_factor=2), a], 1))
        return [torch.sigmoid(s(h)) for s, h in zip(self.side, (d, e, c))]


def dice(p, t):
    return (2 * (p * t).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + t.sum((1, 2, 3)) + 1)


net, (x, y), (vx, vy) = UNet(), scans(400), scans(100)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.99, nesterov=True, weight_decay=3e-5)
for epoch in range(8):
    for rows in torch.randperm(400).split(16):
        loss = 0
        for k, p in enumerate(net(x[rows])):
            t = F.max_pool2d(y[rows], 2**k)
            loss = loss + 0.5**k * (1 - dice(p, t).mean() + F.binary_cross_entropy(p, t))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 12)
        opt.step()
    with torch.no_grad():
        print(
            "epoch", epoch, "loss", loss.item(), "dice", dice(net(vx)[0].round(), vy).mean().item()
        )
