# batch: eighteenth
# metric: accuracy up
"""An LSTM tells words a..ab..b of equal halves from others: it counts, its gates open or shut fully."""

import random

import torch
from torch import nn

rng = random.Random(8)
torch.manual_seed(8)


def word():
    n = rng.randint(2, 14)
    m = n if rng.random() < 0.5 else max(1, n + rng.choice([-4, -3, -2, -1, 1, 2, 3, 4]))
    return [0] * n + [1] * m, float(n == m)


def batch(size):
    words = [word() for _ in range(size)]
    longest = max(len(w) for w, _ in words)
    ids = torch.tensor([w + [2] * (longest - len(w)) for w, _ in words])
    return (
        ids,
        torch.tensor([len(w) for w, _ in words]),
        torch.tensor([label for _, label in words]),
    )


class Counter(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(3, hidden, batch_first=True)
        self.out = nn.Sequential(nn.Linear(2 * hidden, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, ids, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(
            nn.functional.one_hot(ids, 3).float(), lengths, batch_first=True, enforce_sorted=False
        )
        _, (h, c) = self.lstm(packed)
        return self.out(torch.cat([h[0], c[0]], 1)).squeeze(1)


model = Counter()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 400, 5e-4)
for step in range(1, 401):
    ids, lengths, label = batch(48)
    loss = nn.functional.binary_cross_entropy_with_logits(model(ids, lengths), label)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    if step % 100 == 0:
        ids, lengths, label = batch(500)
        with torch.no_grad():
            acc = ((model(ids, lengths) > 0) == (label > 0.5)).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} accuracy {acc:.4f}")
