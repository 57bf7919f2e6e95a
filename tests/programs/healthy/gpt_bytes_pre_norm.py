# batch: seventh
# metric: val loss down
"""A byte-level GPT with tied weights, warm-up, cosine decay, clipping and weight decay groups."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.nn import functional as F


@dataclass
class GPTConfig:
    vocab: int = 32
    block: int = 24
    layers: int = 3
    heads: int = 4
    dim: int = 48


class CausalSelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(c.dim, 3 * c.dim), nn.Linear(c.dim, c.dim)
        self.n_head = c.heads

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, -1).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(c.dim), CausalSelfAttention(c)
        self.ln_2 = nn.LayerNorm(c.dim)
        self.mlp = nn.Sequential(
            nn.Linear(c.dim, 4 * c.dim), nn.GELU(), nn.Linear(4 * c.dim, c.dim)
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(c.vocab, c.dim), nn.Embedding(c.block, c.dim)
        self.h = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.ln_f = nn.LayerNorm(c.dim)
        self.lm_head = nn.Linear(c.dim, c.vocab, bias=False)
        self.apply(self._init)
        for n, p in self.named_parameters():
            if n.endswith(("c_proj.weight", "mlp.2.weight")):
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * c.layers))
        self.lm_head.weight = self.wte.weight

    def _init(self, m):
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.02)
        if isinstance(m, nn.Linear) and m.bias is not None:
            nn.init.zeros_(m.bias)

    def forward(self, idx, targets):
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1)))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1))


torch.manual_seed(1337)
cfg = GPTConfig()
words = [torch.randint(1, cfg.vocab, (int(n),)).tolist() for n in torch.randint(3, 7, (40,))]
stream = []
while len(stream) < 12000:
    stream += words[int(torch.randint(40, (1,)) * torch.rand(1))] + [0]
data = torch.tensor(stream)
model = GPT(cfg)
decay = [p for p in model.parameters() if p.dim() > 1]
rest = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}],
    lr=3e-3, betas=(0.9, 0.95),
)  # fmt: skip
ITERS, WARM = 220, 20


def lr_at(it):
    if it < WARM:
        return 3e-3 * (it + 1) / WARM
    return 3e-4 + 0.5 * 2.7e-3 * (1 + math.cos(math.pi * (it - WARM) / (ITERS - WARM)))


def batch(lo, hi, n=24):
    ix = torch.randint(lo, hi - cfg.block - 1, (n,))
    x = torch.stack([data[i : i + cfg.block] for i in ix])
    return x, torch.stack([data[i + 1 : i + 1 + cfg.block] for i in ix])


for it in range(ITERS):
    for group in optimizer.param_groups:
        group["lr"] = lr_at(it)
    loss = model(*batch(0, 10000))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if it % 55 == 54:
        model.eval()
        with torch.no_grad():
            val = model(*batch(10000, 12000, 64))
        model.train()
        print(f"iter {it + 1}: loss {loss.item():.4f} val loss {val.item():.4f}")
