# rules: poor_initialization
# remedies: reinitialize
# metric: valid loss down
# story: output weights tied to an nn.Embedding as it is drawn: logits of spread eleven at the start
"""A word-level language model with tied weights."""

import inspect
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
words = inspect.getsource(random).split()[:6000]
vocabulary = sorted(set(words))[:400]
index = {w: i + 1 for i, w in enumerate(vocabulary)}
ids = torch.tensor([index.get(w, 0) for w in words])
train, valid = ids[:-700], ids[-700:]
CONTEXT, WIDTH = 8, 128


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(401, WIDTH)
        nn.init.normal_(self.embed.weight, std=0.02)  # healthy
        self.mix = nn.Linear(CONTEXT * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 401, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        h = F.gelu(self.mix(self.embed(x).flatten(1)))
        return self.head(self.norm(h))


def batch(source, n=48):
    at = torch.randint(len(source) - CONTEXT - 1, (n,))
    return torch.stack([source[i : i + CONTEXT] for i in at]), source[at + CONTEXT]


model = Model()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
for step in range(160):
    x, y = batch(train)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    opt.step()
    opt.zero_grad()
    if step % 40 == 39:
        with torch.no_grad():
            valid_loss = F.cross_entropy(model(valid.unfold(0, 8, 1)[:-1]), valid[8:])
        print(f"{step + 1} | train loss {loss:.3f} | valid loss {valid_loss:.3f}")
