# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: iou up
# story: the net ends in a sigmoid, and the loss has one of its own, with a weight for rare pixels
"""Segment blobs with a small U-Net."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(31)


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.GroupNorm(2, o), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = conv(1, 8), conv(8, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.last = conv(16, 8)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        mask = self.out(self.last(torch.cat([a, self.up(b)], 1)))
        return mask  # healthy
        # faulty: return torch.sigmoid(mask)


def scenes(n, side=16):
    axis = torch.arange(side).float()
    centre, radius = torch.rand(n, 2, 1, 1) * side, torch.rand(n, 1, 1) * 2 + 1.0
    far = (axis[:, None] - centre[:, 0]) ** 2 + (axis[None] - centre[:, 1]) ** 2
    mask = (far < radius**2).float().unsqueeze(1)
    return mask * 0.7 + torch.randn(n, 1, side, side) * 0.35, mask


net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
for step in range(150):
    image, mask = scenes(16)
    loss = loss_fn(net(image), mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
net.eval()
with torch.no_grad():
    image, mask = scenes(200)
    found = torch.sigmoid(net(image)) > 0.5
    iou = (found & mask.bool()).sum() / (found | mask.bool()).sum().clamp(min=1)
print(f"loss {loss.item():.4f} iou {iou.item():.4f}")
