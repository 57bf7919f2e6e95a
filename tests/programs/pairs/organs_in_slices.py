# batch: thirteenth
# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: dice up
# story: slices went into a U-Net as the scanner's own numbers, from minus a thousand to some thousands (a common slip with scans; no single report is its source)
"""A small U-Net finds a round organ in slices of a scan."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

SIDE = 24


class Slices(Dataset):
    def __init__(self, n, seed):
        gen = torch.Generator().manual_seed(seed)
        y, x = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
        body = ((x - 11.5) ** 2 + (y - 11.5) ** 2 < 115).float()
        self.images, self.masks = [], []
        for _ in range(n):
            cy, cx = 7 + 9 * torch.rand(2, generator=gen)
            r = 2.5 + 2 * torch.rand(1, generator=gen)
            organ = ((x - cx) ** 2 + (y - cy) ** 2 < r**2).float()
            by, bx = 7 + 9 * torch.rand(2, generator=gen)
            bone = ((x - bx) ** 2 + (y - by) ** 2 < 3).float() * (1 - organ)
            units = -1000 * (1 - body) + body * 40 + organ * 90 + bone * 1100
            units = units + 35 * torch.randn(SIDE, SIDE, generator=gen)
            units = (units.clamp(-150, 250) - 50) / 200  # healthy
            self.images.append(units.unsqueeze(0))
            self.masks.append(organ.unsqueeze(0))

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.masks[i]


def double(fan_in, fan_out):
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(fan_out, fan_out, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    def __init__(self, w=10):
        super().__init__()
        self.down1, self.down2, self.bottom = double(1, w), double(w, 2 * w), double(2 * w, 4 * w)
        self.up2, self.up1 = (
            nn.ConvTranspose2d(4 * w, 2 * w, 2, 2),
            nn.ConvTranspose2d(2 * w, w, 2, 2),
        )
        self.join2, self.join1, self.out = (
            double(4 * w, 2 * w),
            double(2 * w, w),
            nn.Conv2d(w, 1, 1),
        )

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        b = self.join2(torch.cat([self.up2(c), b], 1))
        return self.out(self.join1(torch.cat([self.up1(b), a], 1)))


torch.manual_seed(1325)
train = DataLoader(Slices(320, 1), batch_size=16, shuffle=True)
held = Slices(80, 2)
x, m = torch.stack(held.images), torch.stack(held.masks)
unet = UNet()
optimizer = torch.optim.Adam(unet.parameters(), lr=1e-3)
for epoch in range(1, 7):
    for image, mask in train:
        loss = F.binary_cross_entropy_with_logits(unet(image), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        guess = (unet(x) > 0).float()
    dice = (2 * (guess * m).sum() / (guess.sum() + m.sum()).clamp(min=1)).item()
    print(f"epoch {epoch} loss {loss.item():.4f} dice {dice:.4f}")
