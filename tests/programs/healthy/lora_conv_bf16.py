# batch: eleventh
# metric: accuracy up
"""Adapters of rank two beside frozen bfloat16 convolutions; only they and the norms learn."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1143)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
y = torch.tensor(d.target)


class LoRAConv(nn.Module):
    def __init__(self, base, rank=2):
        super().__init__()
        self.base = base.to(torch.bfloat16).requires_grad_(False)
        self.down = nn.Conv2d(base.in_channels, rank, 3, padding=1, bias=False)
        self.up = nn.Conv2d(rank, base.out_channels, 1, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x.bfloat16()).float() + self.up(self.down(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.n1, self.n2 = nn.GroupNorm(4, 16), nn.GroupNorm(4, 32)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.n1(self.c1(x))), 2)
        return self.fc(F.max_pool2d(F.relu(self.n2(self.c2(x))), 2).flatten(1))


def epoch(net, opt, images):
    for rows in torch.randperm(1400).split(50):
        loss = F.cross_entropy(net(images[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        return (net(images[1400:]).argmax(1) == y[1400:]).float().mean().item()


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for _ in range(4):
    base = epoch(net, opt, x)
print(f"upright {base:.4f}")
turned = x.transpose(2, 3).flip(3)
net.fc.requires_grad_(False)
net.c1, net.c2 = LoRAConv(net.c1), LoRAConv(net.c2)
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=1e-2)
for e in range(9):
    print(f"epoch {e} accuracy {epoch(net, opt, turned):.4f}")
