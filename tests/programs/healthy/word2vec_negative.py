# metric: loss down
"""Skip-gram with negative sampling on the words of the standard library's docstrings."""

import argparse
import collections
import logging
import re

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = " ".join(m.__doc__ or "" for m in (argparse, collections, logging, re))
for module in (argparse, collections, logging, re):
    for obj in vars(module).values():
        text += " " + (obj.__doc__ if callable(obj) and isinstance(obj.__doc__, str) else "")
words = re.findall(r"[a-z]+", text.lower())
vocab = [w for w, c in collections.Counter(words).most_common(400)]
index = {w: i for i, w in enumerate(vocab)}
ids = torch.tensor([index[w] for w in words if w in index])
inp, out = nn.Embedding(len(vocab), 24), nn.Embedding(len(vocab), 24)
nn.init.uniform_(inp.weight, -0.5 / 24, 0.5 / 24)
nn.init.zeros_(out.weight)
opt = torch.optim.Adam([*inp.parameters(), *out.parameters()], lr=1e-2)
total = 0.0
for step in range(1, 501):
    at = torch.randint(2, len(ids) - 2, (128,))
    offset = torch.tensor([-2, -1, 1, 2])[torch.randint(0, 4, (128,))]
    centre, context = inp(ids[at]), out(ids[at + offset])
    noise = out(torch.randint(0, len(vocab), (128, 5)))
    positive = F.logsigmoid((centre * context).sum(1))
    negative = F.logsigmoid(-(noise @ centre.unsqueeze(2)).squeeze(2)).sum(1)
    loss = -(positive + negative).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    total += loss.item()
    if step % 100 == 0:
        print(f"step {step} loss {total / 100:.4f}")
        total = 0.0
