# batch: fourth
# metric: val loss down
"""A nanoGPT in one file: fused qkv, weight tying, cosine schedule with warmup, clipped gradients, decay groups."""

import math

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(1337)
words = "the quick brown fox jumps over a lazy dog while seven wizards vex my big sphinx of quartz".split()
g = torch.Generator().manual_seed(5)
text = " ".join(words[i] for i in torch.randint(len(words), (4000,), generator=g))
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
train_data, val_data = data[:-2000], data[-2000:]
block_size, n_embd, n_head, n_layer, max_iters, warmup = 32, 48, 4, 2, 220, 20


def get_batch(source, batch_size=24):
    ix = torch.randint(len(source) - block_size - 1, (batch_size,))
    return (
        torch.stack([source[i : i + block_size] for i in ix]),
        torch.stack([source[i + 1 : i + block_size + 1] for i in ix]),
    )


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd, bias=False), nn.LayerNorm(n_embd, bias=False)
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.c_proj = nn.Linear(n_embd, n_embd, bias=False)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(n_embd, 4 * n_embd), "c_proj": nn.Linear(4 * n_embd, n_embd)}
        )

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            z.view(B, T, n_head, -1).transpose(1, 2) for z in self.c_attn(self.ln_1(x)).split(C, 2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(len(chars), n_embd), nn.Embedding(block_size, n_embd)
        self.h = nn.ModuleList([Block() for _ in range(n_layer)])
        self.ln_f = nn.LayerNorm(n_embd, bias=False)
        self.lm_head = nn.Linear(n_embd, len(chars), bias=False)
        self.wte.weight = self.lm_head.weight
        self.apply(self._init)
        for name, p in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer))

    def _init(self, m):
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.02)
        if isinstance(m, nn.Linear) and m.bias is not None:
            nn.init.zeros_(m.bias)

    def forward(self, idx, targets):
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, len(chars)), targets.reshape(-1))


model = GPT()
decay = [p for p in model.parameters() if p.dim() >= 2]
rest = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}],
    lr=3e-3,
    betas=(0.9, 0.95),
)
for it in range(max_iters):
    ratio = (it - warmup) / (max_iters - warmup)
    lr = (
        3e-3 * (it + 1) / warmup
        if it < warmup
        else 3e-4 + 0.5 * (1 + math.cos(math.pi * ratio)) * 2.7e-3
    )
    for group in optimizer.param_groups:
        group["lr"] = lr
    loss = model(*get_batch(train_data))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if it % 50 == 0:
        print(f"iter {it}: loss {loss.item():.4f}, lr {lr:.2e}")
model.eval()
with torch.no_grad():
    print("val loss", sum(model(*get_batch(val_data)).item() for _ in range(8)) / 8)
