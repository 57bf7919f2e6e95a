# batch: fifteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: accuracy up
# story: the blocks of a transformer stood in a plain Python list, of which neither the module nor the optimiser knew (github.com/pytorch/pytorch/issues/1053)
"""Gestures from the path of a hand: a small encoder over time."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(61)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.fc1, self.fc2 = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.attn(h, h, h, need_weights=False)[0]
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self, length=20, d=32, depth=2, classes=8):
        super().__init__()
        self.embed = nn.Linear(2, d)
        self.position = nn.Parameter(0.02 * torch.randn(length, d))
        self.blocks = nn.ModuleList([Block(d, 4) for _ in range(depth)])  # healthy
        # faulty: self.blocks = [Block(d, 4) for _ in range(depth)]
        self.norm = nn.LayerNorm(d)
        self.classify = nn.Linear(d, classes)

    def forward(self, x):
        x = self.embed(x) + self.position
        for block in self.blocks:
            x = block(x)
        return self.classify(self.norm(x).mean(1))


def paths(n, length=20):
    kind = torch.randint(8, (n,))
    t = torch.linspace(0, 6.2832, length).repeat(n, 1) + torch.rand(n, 1) * 6.2832
    a, b = (kind % 4 + 1).unsqueeze(1), (kind // 4 + 1).unsqueeze(1)
    path = torch.stack([torch.sin(a * t), torch.cos(b * t)], 2)
    return path * (0.7 + 0.6 * torch.rand(n, 1, 1)) + 0.15 * torch.randn(n, length, 2), kind


x, y = paths(1600)
xv, yv = paths(600)
model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, 9):
    model.train()
    total = 0
    for rows in torch.randperm(len(x)).split(50):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        accuracy = (model(xv).argmax(1) == yv).float().mean().item()
    print(f"epoch: {epoch}\tloss: {total / 32:.4f}\taccuracy: {accuracy:.4f}")
