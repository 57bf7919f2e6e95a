# batch: eleventh
# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation swap_activation
# metric: abs rel down
# story: a decoder of a depth net ended in a sigmoid, as is right for inverse depth, but was given metres from two to ten as targets (the kind Activation function of the taxonomy of real faults, arxiv.org/abs/1910.11015)
"""How far away is each pixel? An encoder and a decoder with skips."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1117)


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ELU())


class DepthNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1, self.e2, self.e3 = block(1, 16), block(16, 24), block(24, 32)
        self.d2, self.d1 = block(56, 24), block(40, 16)
        self.head = nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        c = self.e3(F.max_pool2d(b, 2))
        y = self.d2(torch.cat([F.interpolate(c, scale_factor=2), b], 1))
        y = self.d1(torch.cat([F.interpolate(y, scale_factor=2), a], 1))
        return self.head(y)  # healthy
        # faulty: return torch.sigmoid(self.head(y))


def scenes(n, side=16):
    v, u = torch.meshgrid(*[torch.linspace(-1, 1, side)] * 2, indexing="ij")
    cx, cy, r = torch.rand(3, n, 1, 1)
    d2 = (u - cx + 0.5) ** 2 + (v - cy + 0.5) ** 2
    r = 0.3 + 0.5 * r
    inside = d2 < r**2
    depth = torch.where(inside, 5 - 3 * (r**2 - d2).clamp(min=0).sqrt() / r, 8 - 2 * v)
    light = torch.where(inside, 0.4 + 0.6 * (1 - d2 / r**2), 0.3 + 0.1 * v)
    return (light + 0.03 * torch.randn(n, side, side)).unsqueeze(1), depth.unsqueeze(1)


net = DepthNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 200)
test_x, test_y = scenes(100)
for step in range(1, 201):
    net.train()
    image, depth = scenes(16)
    loss = F.l1_loss(net(image), depth)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 25 == 0:
        net.eval()
        with torch.no_grad():
            rel = ((net(test_x) - test_y).abs() / test_y).mean()
        print(f"step {step} loss {loss.item():.4f} abs rel {rel.item():.4f}")
