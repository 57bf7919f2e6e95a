# batch: eighth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: loss_val down
# story: a language model returns probabilities "so that sampling is easy", and trains on F.cross_entropy of them
"""A one-block character transformer on made-up words."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(801)
syllables = ["ka", "to", "mi", "ren", "shu", "lo", "ve", "nar"]
chosen = torch.randint(0, 8, (6000,)).tolist()
text = ""
for a, b in zip(chosen, chosen[1:]):
    text += syllables[a] + (syllables[a] if b < 4 else ".")
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])
V, T, D = len(chars), 24, 48


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.mlp = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D))

    def forward(self, x):
        q, k, v = self.qkv(self.ln1(x)).chunk(3, -1)
        w = (q @ k.transpose(1, 2)) / math.sqrt(D)
        w = w.masked_fill(torch.ones(T, T).triu(1).bool(), float("-inf"))
        x = x + self.proj(w.softmax(-1) @ v)
        return x + self.mlp(self.ln2(x))


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, D), nn.Embedding(T, D)
        self.block, self.ln, self.head = Block(), nn.LayerNorm(D), nn.Linear(D, V)

    def forward(self, idx):
        x = self.block(self.tok(idx) + self.pos(torch.arange(T)))
        return self.head(self.ln(x))  # healthy
        # faulty: return F.softmax(self.head(self.ln(x)), dim=-1)


def batch(lo, hi):
    i = torch.randint(lo, hi - T - 1, (32,))
    return torch.stack([data[j : j + T] for j in i]), torch.stack(
        [data[j + 1 : j + T + 1] for j in i]
    )


cut = int(0.9 * len(data))
net = LM()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
for it in range(260):
    x, y = batch(0, cut)
    loss = F.cross_entropy(net(x).flatten(0, 1), y.flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if it % 65 == 64:
        with torch.no_grad():
            x, y = batch(cut, len(data))
            print(
                f"iter {it + 1} loss {loss.item():.3f} loss_val {F.cross_entropy(net(x).flatten(0, 1), y.flatten()).item():.3f}"
            )
