# batch: sixteenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: IoU up
# story: the model ended in a sigmoid and the loss took one again, so that it would hardly fall (github.com/avBuffer/UNet3plus_pth/issues/23)
"""Where ships lie in a harbour seen from above, a small U-Net."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class Harbour(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        axis = torch.arange(32).float()
        v, u = torch.meshgrid(axis, axis, indexing="ij")
        self.items = []
        for _ in range(n):
            mask = torch.zeros(32, 32)
            for _ in range(int(torch.randint(1, 4, (1,), generator=g))):
                cx, cy, angle = torch.rand(3, generator=g)
                a = angle * 3.1416
                along = (u - 32 * cx) * a.cos() + (v - 32 * cy) * a.sin()
                across = (v - 32 * cy) * a.cos() - (u - 32 * cx) * a.sin()
                mask = torch.maximum(mask, ((along.abs() < 6) & (across.abs() < 2)).float())
            waves = 0.3 * torch.sin(0.6 * u + 6 * torch.rand(1, generator=g))
            image = 0.8 * mask + waves + 0.45 * torch.randn(32, 32, generator=g)
            self.items.append((image.unsqueeze(0), mask.unsqueeze(0)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def block(a, b):
    return nn.Sequential(
        nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(),
        nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(),
    )  # fmt: skip


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.enc1, self.enc2, self.mid = block(1, c), block(c, 2 * c), block(2 * c, 4 * c)
        self.up2 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2)
        self.dec2 = block(4 * c, 2 * c)
        self.up1 = nn.ConvTranspose2d(2 * c, c, 2, 2)
        self.dec1 = block(2 * c, c)
        self.head = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        e1 = self.enc1(x)
        e2 = self.enc2(F.max_pool2d(e1, 2))
        m = self.mid(F.max_pool2d(e2, 2))
        d2 = self.dec2(torch.cat([self.up2(m), e2], 1))
        d1 = self.dec1(torch.cat([self.up1(d2), e1], 1))
        return self.head(d1)  # healthy
        # faulty: return torch.sigmoid(self.head(d1))


def evaluate(model, loader):
    model.eval()
    inter = union = 0.0
    with torch.no_grad():
        for x, y in loader:
            p = torch.sigmoid(model(x)) > 0.5
            inter += (p & (y > 0.5)).sum().item()
            union += (p | (y > 0.5)).sum().item()
    return inter / union


def main():
    torch.manual_seed(42)
    train = DataLoader(Harbour(192, 1), batch_size=16, shuffle=True)
    val = DataLoader(Harbour(64, 2), batch_size=32)
    model = UNet()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(5):
        model.train()
        total = 0.0
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch} train loss {total / len(train):.4f} IoU {evaluate(model, val):.4f}")


if __name__ == "__main__":
    main()
