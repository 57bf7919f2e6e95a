# batch: sixteenth
# in view: steps against the weights as drawn
# rules: learning_rate_too_high
# remedies: lower_learning_rate clip_gradients
# metric: top1 up
# story: a vision transformer did not train with the rate that a convolutional net takes, a hundred times what is usual for it (taourl.com/read-3813973.html)
"""Small flags, a vision transformer from scratch."""

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.to_qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        dots = q @ k.transpose(-1, -2) * (d // self.heads) ** -0.5
        return self.to_out((dots.softmax(-1) @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim), Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, size=16, patch=4, dim=48, depth=3, heads=4, kinds=10):
        super().__init__()
        count = (size // patch) ** 2
        self.patch_embed = nn.Conv2d(3, dim, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, count + 1, dim) * 0.02)
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, kinds)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


torch.manual_seed(21)
palette = torch.rand(10, 3, 3)
upright = torch.rand(10) < 0.5


def flags(n):
    y = torch.randint(10, (n,))
    bands = palette[y].repeat_interleave(6, dim=1)[:, :16]
    x = bands.permute(0, 2, 1).unsqueeze(-1).expand(-1, -1, -1, 16).clone()
    x = torch.where(upright[y].view(-1, 1, 1, 1), x, x.transpose(2, 3))
    shift = torch.randint(16, (n,))
    x = torch.stack([torch.roll(f, (int(s), int(s)), (1, 2)) for f, s in zip(x, shift)])
    x = x * (0.6 + 0.8 * torch.rand(n, 1, 1, 1)) + 0.25 * torch.randn(n, 3, 16, 16)
    return (x - 0.5) / 0.4, y


x_train, y_train = flags(2400)
x_test, y_test = flags(500)
model = ViT()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)  # healthy
# faulty: optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.05)
for epoch in range(1, 7):
    model.train()
    for idx in torch.randperm(len(x_train)).split(64):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        top1 = (model(x_test).argmax(-1) == y_test).float().mean().item()
    print(f"epoch={epoch} loss={loss.item():.3f} top1={top1:.3f}")
