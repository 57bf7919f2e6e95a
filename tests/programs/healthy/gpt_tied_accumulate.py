# metric: val loss down
"""Char GPT: tied weights, gradient accumulation, warmup and cosine, clipping."""

import math
import pathlib
import textwrap

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
text = pathlib.Path(textwrap.__file__).read_text()
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])
split = int(len(data) * 0.9)
T, C = 24, 32


class CausalBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(C)
        self.attn = nn.MultiheadAttention(C, 4, batch_first=True)
        self.ln_2 = nn.LayerNorm(C)
        self.c_fc = nn.Linear(C, 4 * C)
        self.c_proj = nn.Linear(4 * C, C)
        self.register_buffer("mask", torch.triu(torch.ones(T, T, dtype=torch.bool), 1))

    def forward(self, x):
        h = self.ln_1(x)
        x = x + self.attn(h, h, h, attn_mask=self.mask, need_weights=False)[0]
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(len(chars), C)
        self.wpe = nn.Parameter(torch.randn(T, C) * 0.02)
        self.h = nn.ModuleList([CausalBlock() for _ in range(2)])
        self.ln_f = nn.LayerNorm(C)
        self.lm_head = nn.Linear(C, len(chars), bias=False)
        self.apply(self._init)
        self.lm_head.weight = self.wte.weight

    def _init(self, m):
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.02)

    def forward(self, x):
        x = self.wte(x) + self.wpe
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def batch(lo, hi):
    ix = torch.randint(lo, hi - T - 1, (8,)).tolist()
    return torch.stack([data[i : i + T] for i in ix]), torch.stack(
        [data[i + 1 : i + T + 1] for i in ix]
    )


def lr_at(it):
    if it < 20:
        return 4e-3 * (it + 1) / 20
    return 4e-4 + 1.8e-3 * (1 + math.cos(math.pi * (it - 20) / 130))


model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.95), weight_decay=0.1)
for it in range(150):
    for group in optimizer.param_groups:
        group["lr"] = lr_at(it)
    for _ in range(2):
        x, y = batch(0, split)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten()) / 2
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
model.eval()
with torch.no_grad():
    val = 0.0
    for _ in range(10):
        x, y = batch(split, len(data))
        val += F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item() / 10
print(f"train loss {2 * loss.item():.4f} val loss {val:.4f}")
