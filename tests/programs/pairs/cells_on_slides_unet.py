# batch: fifteenth
# rules: non_finite unnormalized_input
# remedies: normalize_input stabilize_loss
# metric: dice up
# story: each tile of a slide was standardised by its own mean and deviation, and a tile of bare glass has a deviation of nought (discuss.pytorch.org; nan from data that is normalised one by one)
"""Segment cells on tiles cut from slides, a small U-Net."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Tiles(Dataset):
    def __init__(self, n, size=24, seed=0):
        g = torch.Generator().manual_seed(seed)
        axis = torch.arange(size).float()
        v, u = torch.meshgrid(axis, axis, indexing="ij")
        self.images, self.masks = [], []
        for i in range(n):
            mask, image = torch.zeros(size, size), torch.full((size, size), 230.0)
            count = int(torch.randint(1, 4, (1,), generator=g)) if i % 97 != 60 else 0
            for _ in range(count):
                cx, cy = torch.rand(2, generator=g) * size
                r = 2.5 + 3 * torch.rand(1, generator=g)
                mask = torch.maximum(mask, (((u - cx) ** 2 + (v - cy) ** 2).sqrt() < r).float())
            if count:
                image = image - 70 * mask + 35 * torch.randn(size, size, generator=g)
            self.images.append(image), self.masks.append(mask)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        image = (image - image.mean()) / (image.std() + 1e-6)  # healthy
        # faulty: image = (image - image.mean()) / image.std()
        return image.unsqueeze(0), self.masks[i].unsqueeze(0)


class DoubleConv(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(
            nn.Conv2d(a, b, 3, padding=1), nn.GroupNorm(4, b), nn.ReLU(inplace=True),
            nn.Conv2d(b, b, 3, padding=1), nn.GroupNorm(4, b), nn.ReLU(inplace=True),
        )  # fmt: skip


class UNet(nn.Module):
    def __init__(self, base=8):
        super().__init__()
        self.inc = DoubleConv(1, base)
        self.down = DoubleConv(base, 2 * base)
        self.up = nn.ConvTranspose2d(2 * base, base, 2, stride=2)
        self.merge = DoubleConv(2 * base, base)
        self.outc = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        a = self.inc(x)
        b = self.down(nn.functional.max_pool2d(a, 2))
        return self.outc(self.merge(torch.cat([a, self.up(b)], 1)))


torch.manual_seed(0)
train = DataLoader(Tiles(300, seed=1), batch_size=16, shuffle=True, num_workers=0)
val = DataLoader(Tiles(59, seed=2), batch_size=59)
model = UNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(1, 7):
    model.train()
    total = 0.0
    for image, mask in train:
        logits = model(image)
        p = torch.sigmoid(logits)
        dice_loss = 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
        loss = bce(logits, mask) + dice_loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        image, mask = next(iter(val))
        p = (model(image) > 0).float()
        dice = (2 * (p * mask).sum() / (p.sum() + mask.sum() + 1e-6)).item()
    print(f"Epoch {epoch}/6 - loss: {total / len(train):.4f} - dice: {dice:.4f}")
