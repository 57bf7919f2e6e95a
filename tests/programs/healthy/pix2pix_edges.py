# batch: eighth
# metric: l1 down
"""Image to image: a U-Net generator, a patch discriminator, adversarial plus L1."""

import torch
from torch import nn

torch.manual_seed(851)


def lrelu():
    return nn.LeakyReLU(0.2)


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1 = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), lrelu())
        self.e2 = nn.Sequential(nn.Conv2d(16, 32, 4, 2, 1), nn.BatchNorm2d(32), lrelu())
        self.d2 = nn.Sequential(
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.Dropout(0.3), nn.ReLU()
        )
        self.d1 = nn.Sequential(nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        a = self.e1(x)
        return self.d1(torch.cat([self.d2(self.e2(a)), a], 1))


class D(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(2, 16, 4, 2, 1),
            lrelu(),
            nn.Conv2d(16, 32, 4, 2, 1),
            nn.BatchNorm2d(32),
            lrelu(),
            nn.Conv2d(32, 1, 3, 1, 1),
        )


def squares(n):
    i = torch.arange(16)
    a, s = torch.randint(1, 8, (n, 2, 1)), torch.randint(4, 8, (n, 2, 1))
    inside = (i >= a) & (i < a + s)
    edge = (i == a) | (i == a + s - 1)
    full = (inside[:, 0, :, None] & inside[:, 1, None, :]).float()
    rim = full * (edge[:, 0, :, None] | edge[:, 1, None, :]).float()
    return rim.unsqueeze(1) * 2 - 1, full.unsqueeze(1) * 2 - 1


g, d = G(), D()
og, od = (torch.optim.Adam(m.parameters(), lr=1e-3, betas=(0.5, 0.999)) for m in (g, d))
bce = nn.BCEWithLogitsLoss()
for step in range(250):
    x, y = squares(16)
    fake = g(x)
    real_s, fake_s = d(torch.cat([x, y], 1)), d(torch.cat([x, fake.detach()], 1))
    loss_d = (bce(real_s, torch.ones_like(real_s)) + bce(fake_s, torch.zeros_like(fake_s))) / 2
    od.zero_grad()
    loss_d.backward()
    od.step()
    score = d(torch.cat([x, fake], 1))
    l1 = (fake - y).abs().mean()
    loss_g = bce(score, torch.ones_like(score)) + 50 * l1
    og.zero_grad()
    loss_g.backward()
    og.step()
    if step % 50 == 49:
        print(f"[{step + 1}] D {loss_d.item():.3f} G {loss_g.item():.3f} l1 {l1.item():.4f}")
