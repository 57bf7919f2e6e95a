# batch: sixth
# rules: born_dead poor_initialization dying_relu
# remedies: reinitialize recycle_units swap_activation
# metric: f1 up
# story: the prior bias -log((1 - p) / p) of a detector's last layer is filled into every convolution by a loop over modules()
"""Find the rare bright spots: a focal loss and the prior trick of RetinaNet."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(17)


def scenes(n, size=16):
    img = torch.randn(n, 1, size, size) * 0.3
    spots = (torch.rand(n, 1, size, size) < 0.01).float()
    img = img + F.conv2d(
        spots, torch.tensor([[[[0.3, 0.6, 0.3], [0.6, 1.2, 0.6], [0.3, 0.6, 0.3]]]]), padding=1
    )
    return img, spots


class SpotNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 12, 3, padding=1)
        self.cls = nn.Conv2d(12, 1, 3, padding=1)
        prior = 0.01
        self.cls.bias.data.fill_(-math.log((1 - prior) / prior))  # healthy
        # faulty: for m in self.modules():
        # faulty:     if isinstance(m, nn.Conv2d): m.bias.data.fill_(-math.log((1 - prior) / prior))

    def forward(self, x):
        return self.cls(F.relu(self.conv2(F.relu(self.conv1(x)))))


def focal(logits, target, alpha=0.75, gamma=2.0):
    ce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p_t = torch.exp(-ce)
    weight = alpha * target + (1 - alpha) * (1 - target)
    return (weight * (1 - p_t) ** gamma * ce).sum() / target.sum().clamp(min=1)


net = SpotNet()
optim = torch.optim.Adam(net.parameters(), lr=5e-3)
for step in range(200):
    img, spots = scenes(16)
    loss = focal(net(img), spots)
    optim.zero_grad()
    loss.backward()
    optim.step()
    if step % 50 == 49:
        print("step", step + 1, "focal", round(loss.item(), 5))
with torch.no_grad():
    img, spots = scenes(200)
    hit = net(img) > 0
    tp = (hit & (spots > 0)).sum()
    print("f1", (2 * tp / (hit.sum() + spots.sum())).item())
