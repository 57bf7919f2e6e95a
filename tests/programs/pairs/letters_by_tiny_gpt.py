# batch: thirteenth
# rules: vanishing_gradient poor_initialization
# remedies: insert_normalization reinitialize
# metric: copy accuracy up
# story: the blocks of a home-made GPT handed on only what attention and the two-layer net gave, not what came in; the loss stood still (a common slip in rebuilt transformers; no single report is its source)
"""A small GPT repeats the second half of a line it has just read."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1302)
HALF, V, D, HEADS = 8, 10, 48, 4


class CausalSelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.register_buffer("bias", torch.tril(torch.ones(2 * HALF, 2 * HALF)).bool())

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            t.view(B, T, HEADS, C // HEADS).transpose(1, 2) for t in self.c_attn(x).split(D, 2)
        )
        att = (q @ k.transpose(-2, -1)) / math.sqrt(C // HEADS)
        att = att.masked_fill(~self.bias[:T, :T], float("-inf"))
        y = F.softmax(att, dim=-1) @ v
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(D), CausalSelfAttention()
        self.ln_2 = nn.LayerNorm(D)
        self.mlp = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))  # healthy
        x = x + self.mlp(self.ln_2(x))  # healthy
        # faulty: x = self.attn(self.ln_1(x))
        # faulty: x = self.mlp(self.ln_2(x))
        return x


class GPT(nn.Module):
    def __init__(self, n_layer=6):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, D), nn.Embedding(2 * HALF, D)
        self.h = nn.ModuleList(Block() for _ in range(n_layer))
        self.ln_f, self.lm_head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, idx):
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def get_batch(n):
    half = torch.randint(0, V, (n, HALF))
    return torch.cat([half, half], 1)


model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95), weight_decay=0.01)
for it in range(1, 301):
    ids = get_batch(48)
    logits = model(ids[:, :-1])
    loss = F.cross_entropy(logits[:, HALF - 1 :].flatten(0, 1), ids[:, HALF:].flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if it % 30 == 0:
        ids = get_batch(200)
        with torch.no_grad():
            guess = model(ids[:, :-1]).argmax(-1)[:, HALF - 1 :]
        acc = (guess == ids[:, HALF:]).float().mean().item()
        print(f"iter {it} loss {loss.item():.4f} copy accuracy {acc:.4f}")
