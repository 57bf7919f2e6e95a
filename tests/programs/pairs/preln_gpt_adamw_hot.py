# batch: second
# rules: learning_rate_too_high
# remedies: lower_learning_rate
# metric: val_loss down
# story: the rate of an SGD recipe, 0.1, was left in the config when the optimiser became AdamW
"""Tiny GPT, the usual nanoGPT-like layout, on a synthetic grammar."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class GPTConfig:
    vocab: int = 20
    block: int = 24
    layers: int = 2
    heads: int = 4
    width: int = 48


@dataclass
class TrainConfig:
    lr: float = 3e-3  # healthy
    # faulty: lr: float = 0.1
    warmup: int = 20
    steps: int = 220
    batch: int = 24
    wd: float = 0.1


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_attn = nn.Linear(c.width, 3 * c.width)
        self.c_proj = nn.Linear(c.width, c.width)
        self.heads = c.heads

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, -1).transpose(1, 2) for t in self.c_attn(x).split(C, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(c.width), Attention(c)
        self.ln_2 = nn.LayerNorm(c.width)
        self.fc, self.proj = nn.Linear(c.width, 4 * c.width), nn.Linear(4 * c.width, c.width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.proj(F.gelu(self.fc(self.ln_2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(c.vocab, c.width), nn.Embedding(c.block, c.width)
        self.h = nn.ModuleList([Block(c) for _ in range(c.layers)])
        self.ln_f, self.head = nn.LayerNorm(c.width), nn.Linear(c.width, c.vocab, bias=False)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, idx, targets):
        x = self.wte(idx) + self.wpe.weight[: idx.shape[1]]
        for block in self.h:
            x = block(x)
        logits = self.head(self.ln_f(x))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def get_batch(n, c, g):
    # x[t+1] = x[t] + step, the step is 1..3 for a sequence, with five per cent of noise
    start, step = (
        torch.randint(c.vocab, (n, 1), generator=g),
        torch.randint(1, 4, (n, 1), generator=g),
    )
    seq = (start + step * torch.arange(c.block + 1)) % c.vocab
    noise = torch.rand(seq.shape, generator=g) < 0.05
    seq = torch.where(noise, torch.randint(c.vocab, seq.shape, generator=g), seq)
    return seq[:, :-1], seq[:, 1:]


def main():
    torch.manual_seed(1337)
    c, t = GPTConfig(), TrainConfig()
    g = torch.Generator().manual_seed(1)
    model = GPT(c)
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": t.wd}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=t.lr, betas=(0.9, 0.95))
    for it in range(t.steps):
        ratio = min(1.0, (it + 1) / t.warmup) * (
            0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * it / t.steps))
        )
        for group in optimizer.param_groups:
            group["lr"] = t.lr * ratio
        loss = model(*get_batch(t.batch, c, g))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if it % 40 == 39:
            model.eval()
            with torch.no_grad():
                val = model(*get_batch(128, c, torch.Generator().manual_seed(2)))
            model.train()
            print(f"iter {it}: train_loss {loss.item():.4f}, val_loss {val.item():.4f}")


if __name__ == "__main__":
    main()
