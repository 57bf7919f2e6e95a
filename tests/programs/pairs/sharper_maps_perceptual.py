# batch: eleventh
# rules: non_finite
# remedies: stabilize_loss
# metric: test mse down
# story: a perceptual loss divides features by their norm; where a patch is blank all features are nought and the root has an infinite slope (github.com/richzhang/PerceptualSimilarity/issues/121)
"""Super-resolution of drawings, judged by pixels and by the features of a fixed net."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1110)


def drawings(n, side=24):
    axis = torch.arange(side).float()
    img = torch.zeros(n, side, side)
    for _ in range(3):
        a, b, c = torch.randn(3, n, 1, 1)
        line = (a * (axis.view(1, 1, -1) - 12) + b * (axis.view(1, -1, 1) - 12) + 5 * c).abs()
        img = torch.maximum(img, (1 - line).clamp(min=0))
    return img.unsqueeze(1)


class Perceptual(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv2d(1, 16, 3, bias=False), nn.Conv2d(16, 16, 3, stride=2, bias=False)]
        )
        self.requires_grad_(False)

    @staticmethod
    def unit(f):
        return f / torch.sqrt((f**2).sum(1, keepdim=True) + 1e-8)  # healthy
        # faulty: return f / (torch.sqrt((f**2).sum(1, keepdim=True)) + 1e-10)

    def forward(self, a, b):
        total = 0.0
        for layer in self.layers:
            a, b = F.leaky_relu(layer(a), 0.2), F.leaky_relu(layer(b), 0.2)
            total = total + (self.unit(a) - self.unit(b)).pow(2).mean()
        return total


class Upscaler(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 4, 3, padding=1),
            nn.PixelShuffle(2),
        )
        nn.init.zeros_(self.body[4].weight)
        nn.init.zeros_(self.body[4].bias)

    def forward(self, x):
        rough = F.interpolate(x, scale_factor=2, mode="bilinear")
        return (rough + self.body(x)).clamp(0, 1)


critic, net = Perceptual(), Upscaler()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
test = drawings(100)
for step in range(1, 201):
    sharp = drawings(16)
    out = net(F.avg_pool2d(sharp, 2))
    loss = F.mse_loss(out, sharp) + 0.02 * critic(out, sharp)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        with torch.no_grad():
            mse = F.mse_loss(net(F.avg_pool2d(test, 2)), test)
        print(f"step {step} loss {loss.item():.5f} test mse {mse.item():.6f}")
