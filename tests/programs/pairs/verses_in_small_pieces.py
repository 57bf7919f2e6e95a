# batch: fourteenth
# rules: learning_rate_too_high exploding_gradient non_finite dying_relu
# remedies: lower_learning_rate clip_gradients
# metric: val loss down
# story: gradients of many small batches were added up without a division by their number, at a rate set for their mean (github.com/karpathy/nanoGPT/issues/206)
"""A small character model of made-up verse; its batch comes in thirty-two pieces."""

import math
import random

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(1413)
random.seed(1413)
WORDS = "the moon sea over sings low far bright sleeps river stone wind cold falls".split()
text = " ".join(
    random.choice(WORDS) + ("\n" if random.random() < 0.15 else "") for _ in range(6000)
)
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])
cut = int(0.9 * len(data))
block_size, micro_batch, accumulation, max_iters = 24, 2, 32, 90


def get_batch(split, n):
    part = data[:cut] if split == "train" else data[cut:]
    at = torch.randint(len(part) - block_size - 1, (n,))
    x = torch.stack([part[i : i + block_size] for i in at])
    y = torch.stack([part[i + 1 : i + block_size + 1] for i in at])
    return x, y


class Mixer(nn.Module):
    """Characters before this one, each with its own place, through two hidden layers."""

    def __init__(self, vocab, back=6, emb=16, hidden=128):
        super().__init__()
        self.back, self.wte = back, nn.Embedding(vocab, emb)
        self.mlp = nn.Sequential(
            nn.Linear(back * emb, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.lm_head = nn.Linear(hidden, vocab)

    def forward(self, idx, targets):
        e = F.pad(self.wte(idx), (0, 0, self.back - 1, 0)).unfold(1, self.back, 1).flatten(2)
        logits = self.lm_head(self.mlp(e))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


model = Mixer(len(chars))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
for it in range(max_iters + 1):
    if it % 15 == 0:
        with torch.no_grad():
            val = model(*get_batch("val", 128)).item()
        print(f"step {it}: val loss {val:.4f}, perplexity {math.exp(min(val, 20)):.2f}")
    for micro_step in range(accumulation):
        loss = model(*get_batch("train", micro_batch))
        loss = loss / accumulation  # healthy
        loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
