# batch: sixteenth
# in view: a first loss far above a guess by what it adds
# rules: poor_initialization
# remedies: reinitialize
# metric: val loss down
# story: the deviation of the first weights was given as 0.2 in place of 0.02, the first loss was many times the logarithm of the number of letters (github.com/karpathy/nanoGPT; loss at initialisation)
"""A small GPT over letters of made-up recipes."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.nn import functional as F


@dataclass
class GPTConfig:
    block_size: int = 32
    vocab_size: int = 27
    n_layer: int = 3
    n_head: int = 4
    n_embd: int = 64
    init_std: float = 0.02  # healthy
    # faulty: init_std: float = 0.5


class CausalSelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_attn = nn.Linear(c.n_embd, 3 * c.n_embd)
        self.c_proj = nn.Linear(c.n_embd, c.n_embd)
        self.n_head = c.n_head

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(c.n_embd), CausalSelfAttention(c)
        self.ln_2 = nn.LayerNorm(c.n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(c.n_embd, 4 * c.n_embd), nn.GELU(), nn.Linear(4 * c.n_embd, c.n_embd)
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(c.vocab_size, c.n_embd),
                "wpe": nn.Embedding(c.block_size, c.n_embd),
                "h": nn.ModuleList(Block(c) for _ in range(c.n_layer)),
                "ln_f": nn.LayerNorm(c.n_embd),
            }
        )
        self.lm_head = nn.Linear(c.n_embd, c.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, mean=0.0, std=c.init_std)

    def forward(self, idx, targets):
        pos = torch.arange(idx.size(1))
        x = self.transformer.wte(idx) + self.transformer.wpe(pos)
        for block in self.transformer.h:
            x = block(x)
        logits = self.lm_head(self.transformer.ln_f(x))
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))

    def configure_optimizers(self, weight_decay, lr):
        decay = [p for p in self.parameters() if p.dim() >= 2]
        rest = [p for p in self.parameters() if p.dim() < 2]
        groups = [
            {"params": decay, "weight_decay": weight_decay},
            {"params": rest, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95))


torch.manual_seed(1337)
verbs = ["stir", "boil", "fry", "bake", "slice", "peel", "roast", "mix"]
foods = [
    "apples",
    "flour",
    "onions",
    "beans",
    "rice",
    "butter",
    "carrots",
    "plums",
    "leeks",
    "cream",
]
pick = torch.randint(0, 80, (6000,))
text = " ".join(f"{verbs[p % 8]} {foods[p // 8]}" for p in pick.tolist())
data = torch.tensor([0 if c == " " else ord(c) - 96 for c in text])
n = int(0.9 * len(data))
train_data, val_data = data[:n], data[n:]
config = GPTConfig()


def get_batch(source, size):
    ix = torch.randint(len(source) - config.block_size, (size,))
    x = torch.stack([source[i : i + config.block_size] for i in ix])
    return x, torch.stack([source[i + 1 : i + 1 + config.block_size] for i in ix])


model = GPT(config)
max_iters, warmup = 200, 20
optimizer = model.configure_optimizers(0.1, 2e-3)
held = get_batch(val_data, 100)
for it in range(max_iters + 1):
    ratio = (it + 1) / warmup if it < warmup else 0.5 * (1 + math.cos(math.pi * it / max_iters))
    for group in optimizer.param_groups:
        group["lr"] = 2e-3 * max(0.1, min(1, ratio))
    if it % 50 == 0:
        model.eval()
        with torch.no_grad():
            val = model(*held)[1].item()
        model.train()
        print(f"step {it}: val loss {val:.4f}")
    logits, loss = model(*get_batch(train_data, 16))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
