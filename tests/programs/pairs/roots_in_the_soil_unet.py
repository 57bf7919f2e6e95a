# batch: eighteenth
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: val bce down
# story: the last block of a U-Net was built like all the others, with a ReLU behind its convolution, and a loss on logits was put on it; no pixel could be called less likely than a half (github.com/vanvalenlab/deepcell-tf/issues/624, and github.com/Abe404/segmentation_of_roots_in_soil_with_unet/pull/11)
"""Roots are told from soil, pixel by pixel."""

import csv
import io

import torch
import torch.nn as nn


def conv_block(cin, cout, k=3):
    return nn.Sequential(nn.Conv2d(cin, cout, k, padding=k // 2), nn.ReLU(inplace=True))


class Down(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.body = nn.Sequential(nn.MaxPool2d(2), conv_block(cin, cout), conv_block(cout, cout))

    def forward(self, x):
        return self.body(x)


class Up(nn.Module):
    def __init__(self, cin, skip, cout):
        super().__init__()
        self.up = nn.ConvTranspose2d(cin, cout, 2, stride=2)
        self.body = nn.Sequential(conv_block(cout + skip, cout), conv_block(cout, cout))

    def forward(self, x, skip):
        return self.body(torch.cat([self.up(x), skip], dim=1))


class UNet(nn.Module):
    def __init__(self, base=10):
        super().__init__()
        self.inc = nn.Sequential(conv_block(1, base), conv_block(base, base))
        self.down1, self.down2 = Down(base, 2 * base), Down(2 * base, 4 * base)
        self.up1, self.up2 = Up(4 * base, 2 * base, 2 * base), Up(2 * base, base, base)
        self.outc = nn.Conv2d(base, 1, 1)  # healthy
        # faulty: self.outc = conv_block(base, 1, 1)

    def forward(self, x):
        a = self.inc(x)
        b = self.down1(a)
        c = self.down2(b)
        return self.outc(self.up2(self.up1(c, b), a))


def soil(n, side=24):
    """A root is a walk from the top; soil has bright stones."""
    image = 0.25 * torch.randn(n, 1, side, side)
    mask = torch.zeros(n, 1, side, side)
    for i in range(n):
        col = float(torch.randint(4, side - 4, (1,)))
        for row in range(side):
            col = min(max(col + float(torch.randn(1)), 1), side - 3)
            mask[i, 0, row, int(col) : int(col) + 2] = 1
        for _ in range(6):
            r, c = torch.randint(0, side - 1, (2,)).tolist()
            image[i, 0, r : r + 2, c : c + 2] += 1.0
    return image + 0.9 * mask, mask


torch.manual_seed(11)
train_x, train_y = soil(240)
val_x, val_y = soil(80)
net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
table = io.StringIO()
writer = csv.writer(table)
writer.writerow(["epoch", "train bce", "val bce", "iou"])
for epoch in range(1, 7):
    net.train()
    losses = []
    for idx in torch.randperm(len(train_x)).split(16):
        loss = bce(net(train_x[idx]), train_y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        logits = net(val_x)
        val = bce(logits, val_y).item()
        found = logits > 0
        iou = ((found & (val_y > 0)).sum() / (found | (val_y > 0)).sum()).item()
    writer.writerow([epoch, sum(losses) / len(losses), val, iou])
    print(
        f"epoch {epoch}: train {sum(losses) / len(losses):.4f} | val bce {val:.4f} | iou {iou:.4f}"
    )
