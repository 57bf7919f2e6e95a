# batch: eleventh
# metric: f1 up
"""Find thin scratches, two pixels in a hundred, with a U-Net under bfloat16; bias set to the prior."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1134)


def double(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1),
        nn.InstanceNorm2d(o, affine=True),
        nn.LeakyReLU(0.01),
        nn.Conv2d(o, o, 3, padding=1),
        nn.InstanceNorm2d(o, affine=True),
        nn.LeakyReLU(0.01),
    )


class UNet(nn.Module):
    def __init__(self, w=8):
        super().__init__()
        self.a, self.b, self.c = double(1, w), double(w, 2 * w), double(2 * w, 4 * w)
        self.up1, self.up0 = (
            nn.ConvTranspose2d(4 * w, 2 * w, 2, 2),
            nn.ConvTranspose2d(2 * w, w, 2, 2),
        )
        self.d, self.e = double(4 * w, 2 * w), double(2 * w, w)
        self.out = nn.Conv2d(w, 1, 1)
        nn.init.constant_(self.out.bias, math.log(0.02 / 0.98))

    def forward(self, x):
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        c = self.c(F.max_pool2d(b, 2))
        y = self.d(torch.cat([self.up1(c), b], 1))
        return self.out(self.e(torch.cat([self.up0(y), a], 1)))


def plates(n, side=24):
    axis = torch.arange(side).float()
    k, c = torch.randn(2, n, 1, 1)
    line = (axis.view(1, -1, 1) - 12 - k * (axis.view(1, 1, -1) - 12) - 5 * c).abs()
    mask = ((line < 0.5 * (1 + k**2).sqrt()) & (torch.rand(n, 1, 1) < 0.5)).float()
    image = 0.8 * mask + 0.4 * torch.randn(n, side, side)
    return image.unsqueeze(1), mask.unsqueeze(1)


net = UNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for step in range(1, 201):
    image, mask = plates(12)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = net(image)
    loss = F.binary_cross_entropy_with_logits(logits.float(), mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 40 == 0:
        net.eval()
        with torch.no_grad():
            image, mask = plates(100)
            found = net(image) > 0
            f1 = 2 * (found * mask).sum() / (found.sum() + mask.sum())
        net.train()
        print(f"step {step} loss {loss.item():.4f} f1 {f1.item():.4f}")
