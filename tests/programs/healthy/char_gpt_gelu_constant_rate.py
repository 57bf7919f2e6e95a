# batch: fifteenth
# metric: val loss down
"""A small GPT on a made-up language, weights tied, dropout, no schedule at all."""

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(1337)
vocab, block_size, n_embd, n_head, n_layer = 26, 24, 48, 4, 3
follow = torch.softmax(2.5 * torch.randn(vocab, vocab), 1)


def text(n):
    out, rows = [0], torch.multinomial(follow, n, replacement=True)
    for i in range(n - 1):
        out.append(int(rows[out[-1], i]))
    return torch.tensor(out)


train, val = text(16000), text(3000)


def get_batch(data, n=32):
    ix = torch.randint(len(data) - block_size - 1, (n,))
    x = torch.stack([data[i : i + block_size] for i in ix])
    return x, torch.stack([data[i + 1 : i + block_size + 1] for i in ix])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
        self.qkv, self.proj = nn.Linear(n_embd, 3 * n_embd, bias=False), nn.Linear(n_embd, n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd), nn.Dropout(0.1)
        )

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            t.view(B, T, n_head, -1).transpose(1, 2) for t in self.qkv(self.ln1(x)).chunk(3, -1)
        )
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(a.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, n_embd), nn.Embedding(block_size, n_embd)
        self.blocks, self.ln = (
            nn.Sequential(*[Block() for _ in range(n_layer)]),
            nn.LayerNorm(n_embd),
        )
        self.head = nn.Linear(n_embd, vocab, bias=False)
        self.apply(
            lambda m: (
                nn.init.normal_(m.weight, std=0.02)
                if hasattr(m, "weight") and m.weight.dim() > 1
                else None
            )
        )
        self.head.weight = self.tok.weight

    def forward(self, idx):
        return self.head(self.ln(self.blocks(self.tok(idx) + self.pos.weight[: idx.shape[1]])))


model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for it in range(1, 301):
    x, y = get_batch(train)
    loss = F.cross_entropy(model(x).view(-1, vocab), y.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if it % 50 == 0:
        model.eval()
        with torch.no_grad():
            xv, yv = get_batch(val, 128)
            v = F.cross_entropy(model(xv).view(-1, vocab), yv.view(-1)).item()
        model.train()
        print(f"step {it}: train loss {loss.item():.4f}, val loss {v:.4f}")
