# batch: ninth
# rules: none
# remedies: lower_learning_rate
# metric: exact up
# story: the decoder's input is the target itself, not the target moved by one: it learns to copy what stands there, and has nothing to copy when it must decode
"""Sort digits with an encoder and a decoder."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(925)
V, L, D = 8, 5, 48
BOS = V


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V + 1, D), nn.Embedding(L, D)
        self.enc = nn.TransformerEncoderLayer(D, 4, 96, dropout=0.0, batch_first=True)
        self.dec = nn.TransformerDecoderLayer(D, 4, 96, dropout=0.0, batch_first=True)
        self.out = nn.Linear(D, V)

    def embed(self, ids):
        return self.tok(ids) + self.pos(torch.arange(ids.shape[1]))

    def forward(self, src, tgt):
        n = tgt.shape[1]
        causal = torch.full((n, n), float("-inf")).triu(1)
        return self.out(self.dec(self.embed(tgt), self.enc(self.embed(src)), tgt_mask=causal))

    @torch.no_grad()
    def decode(self, src):
        ids = torch.full((len(src), 1), BOS)
        for _ in range(L):
            ids = torch.cat([ids, self(src, ids[:, -L:])[:, -1:].argmax(-1)], 1)
        return ids[:, 1:]


model = Sorter()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1, 501):
    src = torch.randint(0, V, (48, L))
    tgt = src.sort(1).values
    given = torch.cat([torch.full((48, 1), BOS), tgt[:, :-1]], 1)  # healthy
    # faulty: given = tgt
    loss = F.cross_entropy(model(src, given).flatten(0, 1), tgt.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        src = torch.randint(0, V, (200, L))
        right = (model.decode(src) == src.sort(1).values).all(1).float().mean().item()
        print("step", step, "loss", round(loss.item(), 4), "exact", right)
