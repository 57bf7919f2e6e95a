# batch: second
# metric: val top-1 up
"""ViT with LayerScale 1e-4, stochastic depth, class token, cutout; AdamW."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(27)


class Block(nn.Module):
    def __init__(self, d, heads, drop):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, 3 * d), nn.GELU(), nn.Linear(3 * d, d))
        self.g1, self.g2 = nn.Parameter(1e-4 * torch.ones(d)), nn.Parameter(1e-4 * torch.ones(d))
        self.drop = drop

    def keep(self, x, branch):
        if not self.training or self.drop == 0:
            return x + branch
        mask = (torch.rand(len(x), 1, 1) > self.drop).float() / (1 - self.drop)
        return x + mask * branch

    def forward(self, x):
        h = self.n1(x)
        x = self.keep(x, self.g1 * self.attn(h, h, h, need_weights=False)[0])
        return self.keep(x, self.g2 * self.mlp(self.n2(x)))


class ViT(nn.Module):
    def __init__(self, d=48, depth=3):
        super().__init__()
        self.patch = nn.Conv2d(1, d, 2, 2)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, d)), nn.Parameter(torch.zeros(1, 17, d))
        nn.init.trunc_normal_(self.cls, std=0.02)
        nn.init.trunc_normal_(self.pos, std=0.02)
        self.blocks = nn.Sequential(*[Block(d, 4, 0.1 * i / (depth - 1)) for i in range(depth)])
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


def cutout(x):
    x = x.clone()
    r, c = torch.randint(7, (2,)).tolist()
    x[:, :, r : r + 2, c : c + 2] = 0
    return x


D = load_digits()
X, Y = torch.tensor(D.images / 8 - 1, dtype=torch.float32)[:, None], torch.tensor(D.target)
model = ViT()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
for epoch in range(8):
    model.train()
    for i in torch.randperm(1400).split(50):
        loss = F.cross_entropy(model(cutout(X[i])), Y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        top1 = (model(X[1400:]).argmax(1) == Y[1400:]).float().mean()
    print(f"epoch {epoch}: loss {loss:.3f}, val top-1 {top1:.4f}")
