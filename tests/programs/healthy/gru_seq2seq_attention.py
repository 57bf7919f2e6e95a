# metric: accuracy up
"""Encoder-decoder GRU with attention and teacher forcing: reverse a sequence."""

import random

import torch
from torch import nn

random.seed(1)
torch.manual_seed(1)
V, H, L = 10, 32, 6


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V + 1, H)
        self.encoder = nn.GRU(H, H, batch_first=True)
        self.cell = nn.GRUCell(H, H)
        self.out = nn.Linear(2 * H, V)

    def forward(self, src, tgt=None):
        memory, h = self.encoder(self.emb(src))
        h, token, logits = h[0], torch.full((len(src),), V), []
        for i in range(L):
            h = self.cell(self.emb(token), h)
            w = torch.softmax(torch.einsum("bth,bh->bt", memory, h), 1)
            context = torch.einsum("bt,bth->bh", w, memory)
            step = self.out(torch.tanh(torch.cat([h, context], 1)))
            logits.append(step)
            teacher = tgt is not None and random.random() < 0.8
            token = tgt[:, i] if teacher else step.argmax(1)
        return torch.stack(logits, 1)


model = Seq2Seq()
opt = torch.optim.Adam(model.parameters(), lr=6e-3)
for it in range(250):
    src = torch.randint(0, V, (48, L))
    tgt = src.flip(1)
    loss = nn.functional.cross_entropy(model(src, tgt).transpose(1, 2), tgt)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1)
    opt.step()
    if it % 50 == 49:
        with torch.no_grad():
            src = torch.randint(0, V, (200, L))
            acc = (model(src).argmax(2) == src.flip(1)).float().mean().item()
        print(f"it {it + 1} loss {loss.item():.4f} accuracy {acc:.4f}")
