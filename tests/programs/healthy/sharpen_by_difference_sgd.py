# batch: twelfth
# metric: psnr up
"""Sharpen pictures by what has to be added to them, plain SGD."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1233)


def pictures(n):
    x = F.interpolate(torch.rand(n, 1, 6, 6), size=24, mode="nearest")
    flip = torch.rand(n, 1, 1, 1) < 0.5
    return torch.where(flip, x, x.transpose(2, 3))


def blur(x):
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


net = nn.Sequential(nn.Conv2d(1, 10, 5, padding=2), nn.GELU(), nn.Conv2d(10, 1, 5, padding=2))
sgd = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
held = pictures(100)
for step in range(1, 301):
    sharp = pictures(8)
    soft = blur(sharp)
    loss = F.mse_loss(soft + net(soft - 0.5), sharp)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    if step % 100 == 0:
        with torch.no_grad():
            soft = blur(held)
            psnr = -10 * F.mse_loss(soft + net(soft - 0.5), held).log10()
        print(f"step {step} loss {loss.item():.5f} psnr {psnr.item():.3f}")
