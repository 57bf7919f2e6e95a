# batch: fifteenth
# metric: held_loss down
"""Low-rank matrices on a frozen base: half of them nought at first, the loss moves little."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(52)


class Lora(nn.Module):
    def __init__(self, base, r=4):
        super().__init__()
        self.base, self.r = base.requires_grad_(False), r
        self.down, self.up = (
            nn.Linear(base.in_features, r, bias=False),
            nn.Linear(r, base.out_features, bias=False),
        )
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + 2 * self.up(self.down(x))


def task(n, w):
    x = torch.randn(n, 16)
    return x, torch.sin(x @ w) + 0.2 * torch.randn(n, 4)


w = 0.5 * torch.randn(16, 4)
near = w + 0.08 * torch.randn(16, 4)
net = nn.Sequential(nn.Linear(16, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 4))
x, y = task(6000, w)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    for rows in torch.randperm(len(x)).split(100):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad(), loss.backward(), opt.step()
    print(f"base {epoch} loss {loss.item():.4f}")
for i in (0, 2, 4):
    net[i] = Lora(net[i])
x, y = task(2000, near)
hx, hy = task(1000, near)
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=5e-4, weight_decay=0.0)
for epoch in range(12):
    for rows in torch.randperm(len(x)).split(50):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad(), loss.backward(), opt.step()
    with torch.no_grad():
        print(f"lora {epoch} loss {loss.item():.4f} held_loss {F.mse_loss(net(hx), hy).item():.4f}")
