# batch: second
# metric: test mae down
"""Dilated causal convolutions with tanh * sigmoid gates and skips; one-step forecast of a noisy series."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(13)


class GatedBlock(nn.Module):
    def __init__(self, c, d):
        super().__init__()
        self.d = d
        self.conv = nn.Conv1d(c, 2 * c, 2, dilation=d)
        self.res, self.skip = nn.Conv1d(c, c, 1), nn.Conv1d(c, c, 1)

    def forward(self, x):
        f, g = self.conv(F.pad(x, (self.d, 0))).chunk(2, 1)
        h = torch.tanh(f) * torch.sigmoid(g)
        return x + self.res(h), self.skip(h)


class WaveNet(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.inp = nn.Conv1d(1, c, 1)
        self.blocks = nn.ModuleList(GatedBlock(c, 2**k) for k in range(5))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(c, c, 1), nn.ReLU(), nn.Conv1d(c, 1, 1))

    def forward(self, x):
        x, total = self.inp(x), 0
        for b in self.blocks:
            x, s = b(x)
            total = total + s
        return self.head(total)


def series(n, length=65):
    t = torch.arange(length)
    f1, f2, p = torch.rand(n, 1) * 0.2 + 0.3, torch.rand(n, 1) * 0.1 + 0.05, torch.rand(n, 1) * 6
    return (
        torch.sin(f1 * t + p) + 0.5 * torch.sin(f2 * t) + 0.05 * torch.randn(n, length)
    ).unsqueeze(1)


model = WaveNet()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=2)
held = series(100)
for epoch in range(10):
    for _ in range(20):
        x = series(24)
        loss = F.smooth_l1_loss(model(x[..., :-1]), x[..., 1:])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        mae = (model(held[..., :-1]) - held[..., 1:])[..., 20:].abs().mean().item()
    sched.step(mae)
    print(f"epoch {epoch} train {loss.item():.5f} test mae {mae:.4f}")
