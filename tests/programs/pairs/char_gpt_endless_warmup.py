# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val loss down
# story: warmup counted in examples, not in steps: the rate never leaves the floor
"""A tiny GPT on the text of argparse.py."""

import argparse
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1337)
text = pathlib.Path(argparse.__file__).read_text()[:40000]
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
n = int(0.9 * len(data))
train_data, val_data = data[:n], data[n:]
block, width, batch = 24, 32, 16


def get_batch(source):
    ix = torch.randint(len(source) - block - 1, (batch,))
    x = torch.stack([source[i : i + block] for i in ix])
    y = torch.stack([source[i + 1 : i + block + 1] for i in ix])
    return x, y


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (
            z.view(b, t, 4, c // 4).transpose(1, 2) for z in self.qkv(self.ln1(x)).split(c, 2)
        )
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(a.transpose(1, 2).reshape(b, t, c))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.tok = nn.Embedding(vocab, width)
        self.pos = nn.Embedding(block, width)
        self.blocks = nn.Sequential(Block(), Block())
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab, bias=False)

    def forward(self, idx, targets):
        x = self.tok(idx) + self.pos(torch.arange(idx.shape[1]))
        logits = self.head(self.ln(self.blocks(x)))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


model = GPT(len(chars))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
warmup = 30  # healthy
# faulty: warmup = 400 * 2000
sched = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / warmup))
for it in range(250):
    xb, yb = get_batch(train_data)
    loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    sched.step()
    if it % 50 == 49:
        with torch.no_grad():
            val = sum(model(*get_batch(val_data)).item() for _ in range(5)) / 5
        print(f"step {it + 1}: train loss {loss.item():.4f}, val loss {val:.4f}")
