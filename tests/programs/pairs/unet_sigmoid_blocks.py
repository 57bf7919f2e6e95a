# batch: eighth
# rules: vanishing_gradient unsuitable_activation saturated_activation
# remedies: swap_activation insert_normalization
# metric: dice up
# story: an old U-Net port with a sigmoid behind each convolution; the mask stays at the mean
# in view: layers that only the long way reaches
"""Segment discs with a plain U-Net."""

import torch
import torch.nn as nn

torch.manual_seed(810)


def act():
    return nn.ReLU()  # healthy
    # faulty: return nn.Sigmoid()


def double(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), act(), nn.Conv2d(o, o, 3, padding=1), act())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2, self.mid = double(1, 8), double(8, 16), double(16, 24)
        self.u2, self.u1 = double(24 + 16, 16), double(16 + 8, 8)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        c = self.mid(self.pool(b))
        y = self.u2(torch.cat([self.up(c), b], 1))
        return self.last(self.u1(torch.cat([self.up(y), a], 1)))


def discs(n):
    grid = torch.stack(torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij"))
    c, r = torch.rand(n, 2, 1, 1) * 16 + 4, torch.rand(n, 1, 1) * 3 + 3
    mask = (((grid[None] - c) ** 2).sum(1) < r**2).float().unsqueeze(1)
    return mask + 0.6 * torch.randn(n, 1, 24, 24), mask


net = UNet()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
bce = nn.BCEWithLogitsLoss()
for step in range(150):
    image, mask = discs(16)
    loss = bce(net(image), mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        with torch.no_grad():
            image, mask = discs(64)
            p = (net(image) > 0).float()
            print(
                "step",
                step + 1,
                "loss",
                round(loss.item(), 4),
                "dice",
                (2 * (p * mask).sum() / (p.sum() + mask.sum())).item(),
            )
