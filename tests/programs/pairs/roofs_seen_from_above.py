# batch: fourteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: iou up
# story: the schedule of a segmentation net counted batches while its end was given in epochs, so that the rate was nothing after a few batches (github.com/yassouali/pytorch-segmentation/issues/74 is on where that step belongs)
"""Roofs in pictures from above, by a small encoder and decoder and a polynomial schedule."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, Dataset


class Poly(LRScheduler):
    def __init__(self, optimizer, num_epochs, iters_per_epoch=1, power=0.9):
        self.total, self.power = num_epochs * iters_per_epoch, power
        super().__init__(optimizer)

    def get_lr(self):
        factor = max(0.0, 1 - self.last_epoch / self.total) ** self.power
        return [base * factor for base in self.base_lrs]


class Roofs(Dataset):
    def __init__(self, n, seed, side=24):
        g = torch.Generator().manual_seed(seed)
        self.items = []
        for _ in range(n):
            mask = torch.zeros(side, side)
            for _ in range(2):
                h, w = torch.randint(5, 10, (2,), generator=g).tolist()
                y, x = torch.randint(0, side - 10, (2,), generator=g).tolist()
                mask[y : y + h, x : x + w] = 1
            tint = torch.tensor([0.5, -0.3, 0.1]).view(3, 1, 1)
            noise = torch.randn(3, side, side, generator=g)
            self.items.append((tint * (2 * mask - 1) + 0.9 * noise, mask))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class SegNet(nn.Module):
    def __init__(self, w=16):
        super().__init__()
        self.enc = nn.ModuleList([self.unit(3, w), self.unit(w, 2 * w), self.unit(2 * w, 2 * w)])
        self.dec = nn.ModuleList([self.unit(4 * w, w), self.unit(2 * w, w)])
        self.classifier = nn.Conv2d(w, 1, 1)

    @staticmethod
    def unit(a, b):
        return nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.1)
        )

    def forward(self, x):
        a = self.enc[0](x)
        b = self.enc[1](F.avg_pool2d(a, 2))
        c = self.enc[2](F.avg_pool2d(b, 2))
        b = self.dec[0](torch.cat([F.interpolate(c, scale_factor=2), b], 1))
        a = self.dec[1](torch.cat([F.interpolate(b, scale_factor=2), a], 1))
        return self.classifier(a).squeeze(1)


torch.manual_seed(1414)
EPOCHS = 6
loader = DataLoader(Roofs(256, 0), batch_size=16, shuffle=True)
x, m = map(torch.stack, zip(*Roofs(80, 1).items, strict=True))
net = SegNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
scheduler = Poly(optimizer, EPOCHS, len(loader))  # healthy
# faulty: scheduler = Poly(optimizer, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    net.train()
    for image, mask in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(image), mask)
        loss.backward()
        optimizer.step()
        scheduler.step()
    net.eval()
    with torch.no_grad():
        said = net(x) > 0
    iou = (said & (m > 0)).sum() / (said | (m > 0)).sum()
    print(f"TRAIN ({epoch}) | Loss: {loss.item():.3f} | EVAL | IoU: {iou.item():.4f} |")
