# batch: eleventh
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: bracket accuracy up
# story: the blocks of a transformer were kept in a list of Python's own, so that parameters() did not name them (engineermaxxing.com/micro/lessons/pytorch-internals.html tells the case)
"""A causal transformer closes brackets: what has to come next?"""

import torch
import torch.nn as nn
import torch.nn.functional as F

OPEN, LENGTH = 4, 24


def sequences(n, gen):
    out = torch.zeros(n, LENGTH, dtype=torch.long)
    for row in out:
        stack = []
        for t, (coin, kind) in enumerate(
            zip(torch.rand(LENGTH, generator=gen), torch.randint(0, OPEN, (LENGTH,), generator=gen))
        ):
            if stack and (coin < 0.5 or len(stack) > 5):
                row[t] = OPEN + stack.pop()
            else:
                stack.append(kind.item())
                row[t] = kind
    return out


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.ReLU(), nn.Linear(4 * dim, dim))

    def forward(self, x, mask):
        h = self.norm1(x)
        x = x + self.attention(h, h, h, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, dim=48, layers=2, heads=4):
        super().__init__()
        self.token, self.place = nn.Embedding(8, dim), nn.Embedding(LENGTH, dim)
        blocks = [Block(dim, heads) for _ in range(layers)]
        self.blocks = nn.ModuleList(blocks)  # healthy
        # faulty: self.blocks = blocks
        self.norm, self.out = nn.LayerNorm(dim), nn.Linear(dim, 8)

    def forward(self, ids):
        t = ids.shape[1]
        mask = torch.full((t, t), float("-inf")).triu(1)
        x = self.token(ids) + self.place(torch.arange(t))
        for block in self.blocks:
            x = block(x, mask)
        return self.out(self.norm(x))


torch.manual_seed(1122)
gen = torch.Generator().manual_seed(7)
train, held = sequences(1500, gen), sequences(200, gen)
model = Transformer()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for step in range(1, 201):
    ids = train[torch.randint(0, 1500, (32,))]
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step % 25 == 0:
        with torch.no_grad():
            guess = model(held[:, :-1])[..., OPEN:].argmax(-1)
            goal = held[:, 1:] - OPEN
            acc = (guess == goal)[goal >= 0].float().mean().item()
        print(f"step {step} loss {loss.item():.4f} bracket accuracy {acc:.4f}")
