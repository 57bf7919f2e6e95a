# batch: ninth
# rules: learning_rate_too_high dying_relu exploding_gradient
# remedies: lower_learning_rate
# metric: iou up
# story: the linear scaling rule without its divisor: base rate times batch size, where it is times batch size over 256
"""U-Net that segments discs."""

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--base-lr", type=float, default=0.8)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--epochs", type=int, default=10)
args = parser.parse_args()
args.lr = args.base_lr * args.batch_size / 256  # healthy
# faulty: args.lr = args.base_lr * args.batch_size

torch.manual_seed(918)
S = 16
grid = torch.stack(torch.meshgrid(torch.arange(S), torch.arange(S), indexing="ij")).float()
c = torch.rand(640, 2, 1, 1) * 10 + 3
r = torch.rand(640, 1, 1) * 2 + 2
mask = (((grid - c) ** 2).sum(1) < r**2).float().unsqueeze(1)
image = mask * 1.0 + 0.8 * torch.randn_like(mask)


def double(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU()
    )


class UNet(nn.Module):
    def __init__(self, w=12):
        super().__init__()
        self.d1, self.d2, self.mid = double(1, w), double(w, 2 * w), double(2 * w, 4 * w)
        self.up2, self.u2 = nn.ConvTranspose2d(4 * w, 2 * w, 2, 2), double(4 * w, 2 * w)
        self.up1, self.u1 = nn.ConvTranspose2d(2 * w, w, 2, 2), double(2 * w, w)
        self.out = nn.Conv2d(w, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        m = self.u2(torch.cat([self.up2(m), b], 1))
        return self.out(self.u1(torch.cat([self.up1(m), a], 1)))


net = UNet()
opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
for epoch in range(args.epochs):
    for idx in torch.randperm(512).split(args.batch_size):
        loss = F.binary_cross_entropy_with_logits(net(image[idx]), mask[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        got = net(image[512:]) > 0
        true = mask[512:] > 0
        iou = (got & true).sum() / (got | true).sum().clamp(min=1)
    print(f"epoch {epoch} loss {loss.item():.4f} iou {iou.item():.4f}")
