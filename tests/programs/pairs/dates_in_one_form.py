# batch: fourteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: exact up
# story: of two optimisers one was stepped twice and the other, the decoder's, never (a common slip of tutorials with an optimiser for each half; no single report is its source)
"""Dates as people write them, put into one form: an encoder and a decoder of GRU cells."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1424)
torch.manual_seed(1424)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
IN = sorted(set("0123456789 ,." + "".join(MONTHS)))
OUT = "0123456789"


def pair():
    d, m = random.randint(1, 28), random.randrange(12)
    text = random.choice([f"{d} {MONTHS[m]}", f"{MONTHS[m]} {d}", f"{d}. {MONTHS[m]}"])
    return text.ljust(7)[:7], f"{m + 1:02d}{d:02d}"


def batch(n):
    rows = [pair() for _ in range(n)]
    x = torch.tensor([[IN.index(c) for c in a] for a, _ in rows])
    return x, torch.tensor([[OUT.index(c) for c in b] for _, b in rows])


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(len(IN), hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, x):
        return self.gru(self.embedding(x))[1][0]


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(len(OUT) + 1, hidden)
        self.cell = nn.GRUCell(hidden, hidden)
        self.out = nn.Linear(hidden, len(OUT))

    def forward(self, h, target=None):
        token, logits = torch.full((len(h),), len(OUT)), []
        for t in range(4):
            h = self.cell(self.embedding(token), h)
            logits.append(self.out(h))
            token = logits[-1].argmax(1) if target is None else target[:, t]
        return torch.stack(logits, 1)


encoder, decoder = Encoder(64), Decoder(64)
encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=4e-3)
decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=4e-3)
total = 0.0
for it in range(1, 601):
    x, y = batch(64)
    encoder_optimizer.zero_grad()
    decoder_optimizer.zero_grad()
    loss = F.cross_entropy(decoder(encoder(x), y).flatten(0, 1), y.flatten())
    loss.backward()
    encoder_optimizer.step()
    decoder_optimizer.step()  # healthy
    # faulty: encoder_optimizer.step()
    total += loss.item()
    if it % 100 == 0:
        with torch.no_grad():
            x, y = batch(500)
            exact = (decoder(encoder(x)).argmax(2) == y).all(1).float().mean().item()
        print(f"({it} {it / 6:.0f}%) loss {total / 100:.4f} exact {exact:.4f}")
        total = 0.0
