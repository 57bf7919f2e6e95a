# batch: eleventh
# metric: accuracy up
"""A ViT whose patch projection stays random, as in MoCo v3, with registers and dropped paths."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(1132)


class DropPath(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training or self.rate == 0:
            return x
        keep = (torch.rand(len(x), 1, 1) >= self.rate).float()
        return x * keep / (1 - self.rate)


class Block(nn.Module):
    def __init__(self, dim, rate):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.drop = DropPath(rate)

    def forward(self, x):
        y = self.n1(x)
        x = x + self.drop(self.attn(y, y, y, need_weights=False)[0])
        return x + self.drop(self.mlp(self.n2(x)))


class ViT(nn.Module):
    def __init__(self, dim=48, depth=2, registers=3):
        super().__init__()
        self.patch = nn.Conv2d(1, dim, 2, 2)
        self.patch.requires_grad_(False)
        self.extra = nn.Parameter(0.02 * torch.randn(1, 1 + registers, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, 16, dim))
        self.blocks = nn.Sequential(*[Block(dim, 0.1 * k / depth) for k in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 10)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2) + self.pos
        x = self.blocks(torch.cat([self.extra.expand(len(x), -1, -1), x], 1))
        return self.head(self.norm(x)[:, 0])


d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
y = torch.tensor(d.target)
model = ViT()
opt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 4e-3, weight_decay=0.1)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=10 * 28)
for epoch in range(10):
    model.train()
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    model.eval()
    with torch.no_grad():
        acc = (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
