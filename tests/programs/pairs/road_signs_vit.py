# batch: eleventh
# in view: an end at what a guess costs is harm
# rules: learning_rate_too_high
# remedies: lower_learning_rate
# metric: test accuracy up
# story: the loss of somebody's ViT climbed from 1.3 to 135 within an epoch and stayed at chance; the rate came from a tutorial for a convolutional net (github.com/tahmid0007/VisionTransformer/issues/1)
"""Classify small signs with a vision transformer."""

import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def signs(n, g):
    y = torch.randint(0, 6, (n,), generator=g)
    grid = torch.linspace(-1, 1, 24)
    v, u = torch.meshgrid(grid, grid, indexing="ij")
    cx, cy = 0.4 * torch.rand(2, n, 1, 1, generator=g) - 0.2
    x, w = u - cx, v - cy
    r = (x**2 + w**2).sqrt()
    masks = torch.stack(
        [r < 0.6, (x.abs() + w.abs()) < 0.7, (x.abs() < 0.5) & (w.abs() < 0.5)]
        + [(r > 0.4) & (r < 0.7), x.abs().minimum(w.abs()) < 0.15, (x - w).abs() < 0.25],
        1,
    ).float()
    img = masks[torch.arange(n), y] + 0.5 * torch.randn(n, 24, 24, generator=g)
    return img.unsqueeze(1) / 0.6, y


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
        return self.out((a @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = Attention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.n1(x))
        return x + self.mlp(self.n2(x))


class ViT(nn.Module):
    def __init__(self, dim=64, depth=3, heads=4):
        super().__init__()
        self.patch = nn.Conv2d(1, dim, 6, 6)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, 17, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 6)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--lr", type=float, default=1e-3)  # healthy
    # faulty: p.add_argument("--lr", type=float, default=3e-2)
    args = p.parse_args()
    torch.manual_seed(1101)
    g = torch.Generator().manual_seed(5)
    train, test = signs(2000, g), signs(500, g)
    model = ViT()
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        total = 0.0
        for x, y in DataLoader(TensorDataset(*train), 50, shuffle=True):
            loss = nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() / 40
        with torch.no_grad():
            acc = (model(test[0]).argmax(1) == test[1]).float().mean()
        print(f"epoch {epoch + 1} train loss {total:.4f} test accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
