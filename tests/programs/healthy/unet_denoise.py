# metric: val mse down
"""U-Net that removes noise from digits."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
clean = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 16


def double_conv(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
        nn.Conv2d(cout, cout, 3, padding=1),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down1 = double_conv(1, c)
        self.down2 = double_conv(c, 2 * c)
        self.bottom = double_conv(2 * c, 4 * c)
        self.up2 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2)
        self.dec2 = double_conv(4 * c, 2 * c)
        self.up1 = nn.ConvTranspose2d(2 * c, c, 2, 2)
        self.dec1 = double_conv(2 * c, c)
        self.last = nn.Conv2d(c, 1, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        z = self.bottom(self.pool(b))
        b = self.dec2(torch.cat([self.up2(z), b], 1))
        a = self.dec1(torch.cat([self.up1(b), a], 1))
        return torch.sigmoid(self.last(a))


net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(2):
    net.train()
    for b in torch.randperm(1500).split(30):
        x = clean[b]
        loss = nn.functional.mse_loss(net(x + 0.3 * torch.randn_like(x)), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        x = clean[1500:]
        val = nn.functional.mse_loss(net(x + 0.3 * torch.randn_like(x)), x).item()
    print(f"epoch {epoch} train mse {loss.item():.4f} val mse {val:.4f}")
