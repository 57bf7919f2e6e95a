# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val acc up
# story: lr 3e-8 in place of 3e-4 after a slip in the config
# in view: short runs get larger rates
"""A very small ViT on digits."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn


@dataclass
class Config:
    dim: int = 32
    depth: int = 2
    heads: int = 4
    epochs: int = 5
    lr: float = 2e-3  # healthy
    # faulty: lr: float = 3e-8


class ViT(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.patch = nn.Conv2d(1, cfg.dim, 2, 2)
        self.cls = nn.Parameter(torch.zeros(1, 1, cfg.dim))
        self.pos = nn.Parameter(torch.randn(1, 17, cfg.dim) * 0.02)
        layer = nn.TransformerEncoderLayer(
            cfg.dim,
            cfg.heads,
            64,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, cfg.depth, enable_nested_tensor=False)
        self.head = nn.Linear(cfg.dim, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.encoder(x)[:, 0])


cfg = Config()
torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images).float().unsqueeze(1) / 8 - 1
y = torch.tensor(d.target)
model = ViT(cfg)
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.05)
for epoch in range(cfg.epochs):
    model.train()
    for b in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f} val acc {acc:.4f}")
