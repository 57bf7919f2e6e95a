# batch: second
# metric: dice up
"""U-Net with GroupNorm and SiLU, dice + BCE-with-logits, for discs on noise; rare foreground."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(17)


def block(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1),
        nn.GroupNorm(4, o),
        nn.SiLU(),
        nn.Conv2d(o, o, 3, padding=1),
        nn.GroupNorm(4, o),
        nn.SiLU(),
    )


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1, self.d2, self.mid = block(1, c), block(c, 2 * c), block(2 * c, 4 * c)
        self.up2, self.u2 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2), block(4 * c, 2 * c)
        self.up1, self.u1 = nn.ConvTranspose2d(2 * c, c, 2, 2), block(2 * c, c)
        self.out = nn.Conv2d(c, 1, 1)
        nn.init.constant_(self.out.bias, -3.0)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        m = self.u2(torch.cat([self.up2(m), b], 1))
        return self.out(self.u1(torch.cat([self.up1(m), a], 1)))


def discs(n, size=16):
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    c, r = torch.rand(n, 2, 1, 1) * (size - 4) + 2, torch.rand(n, 1, 1) * 2 + 1
    mask = ((yy - c[:, 0]) ** 2 + (xx - c[:, 1]) ** 2 < r**2).float()[:, None]
    return 0.8 * mask + 0.5 * torch.randn(n, 1, size, size), mask


def dice_loss(logits, target):
    p = logits.sigmoid()
    inter = (p * target).sum((1, 2, 3))
    return 1 - ((2 * inter + 1) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)).mean()


net = UNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
xv, mv = discs(100)
for it in range(120):
    x, m = discs(16)
    z = net(x)
    loss = dice_loss(z, m) + F.binary_cross_entropy_with_logits(z, m)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 30 == 29:
        net.eval()
        with torch.no_grad():
            p = (net(xv) > 0).float()
            d = (2 * (p * mv).sum() / (p.sum() + mv.sum())).item()
        net.train()
        print(f"it {it + 1} loss {loss.item():.4f} dice {d:.4f}")
