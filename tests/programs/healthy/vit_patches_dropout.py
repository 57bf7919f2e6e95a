# batch: seventh
# metric: top1 up
"""A vision transformer with class token, stochastic depth and label smoothing."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class DropPath(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape[0], 1, 1) > self.p
        return x * keep / (1 - self.p)


class Layer(nn.Module):
    def __init__(self, d, h, p):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.att = nn.MultiheadAttention(d, h, dropout=0.1, batch_first=True)
        self.ff = nn.Sequential(
            nn.Linear(d, 2 * d), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * d, d), nn.Dropout(0.1)
        )
        self.drop = DropPath(p)

    def forward(self, x):
        y = self.n1(x)
        x = x + self.drop(self.att(y, y, y, need_weights=False)[0])
        return x + self.drop(self.ff(self.n2(x)))


class ViT(nn.Module):
    def __init__(self, d=40, depth=3):
        super().__init__()
        self.patch = nn.Conv2d(1, d, 2, stride=2)
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.pos = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, 17, d), std=0.02))
        self.layers = nn.Sequential(*[Layer(d, 4, 0.1 * i / depth) for i in range(depth)])
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.layers(x)[:, 0]))


torch.manual_seed(0)
d = load_digits()
x = (torch.tensor(d.images, dtype=torch.float32)[:, None] / 16 - 0.3) / 0.37
y = torch.tensor(d.target)
net = ViT()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=2e-3, total_steps=6 * 22)
crit = nn.CrossEntropyLoss(label_smoothing=0.1)
for epoch in range(6):
    net.train()
    for b in torch.randperm(1408).split(64):
        loss = crit(net(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    net.eval()
    with torch.no_grad():
        top1 = (net(x[1408:]).argmax(-1) == y[1408:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} top1 {top1:.4f}")
