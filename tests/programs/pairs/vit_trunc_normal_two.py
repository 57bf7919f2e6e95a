# batch: third
# rules: poor_initialization exploding_gradient
# remedies: reinitialize
# metric: acc1 up
# story: trunc_normal_(w, 0.02) reads its second argument as the mean; someone "fixed" it to std=2
"""Mini ViT."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.nn.init import trunc_normal_

torch.manual_seed(3)


class Mlp(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(d, h), nn.GELU(), nn.Linear(h, d)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp, self.heads = Mlp(d, 2 * d), heads

    def forward(self, x):
        B, N, D = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(B, N, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, N, D))
        return x + self.mlp(self.norm2(x))


class MiniViT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.embed = nn.Linear(4, d)
        self.pos = nn.Parameter(torch.zeros(1, 16, d))
        self.blocks = nn.ModuleList([Block(d, 4) for _ in range(2)])
        self.head = nn.Linear(d, 10)
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, nn.Linear):
            trunc_normal_(m.weight, std=0.02)  # healthy
            # faulty: trunc_normal_(m.weight, std=2)
            nn.init.zeros_(m.bias)

    def forward(self, img):
        x = F.unfold(img, 2, stride=2).transpose(1, 2)
        x = self.embed(x) + self.pos
        for b in self.blocks:
            x = b(x)
        return self.head(x.mean(1))


d = load_digits()
X, Y = torch.tensor(d.images / 8 - 1, dtype=torch.float32)[:, None], torch.tensor(d.target)
model = MiniViT()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
for epoch in range(7):
    for idx in torch.randperm(1400).split(64):
        loss = F.cross_entropy(model(X[idx]), Y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            f"{epoch} loss {loss.item():.3f} acc1 {(model(X[1400:]).argmax(1) == Y[1400:]).float().mean().item():.3f}"
        )
