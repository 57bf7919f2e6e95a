# batch: eighteenth
# metric: f1 up
"""Sorting short messages padded to a long line: most of what the convolutions see is blank."""

import random

import torch
from torch import nn

PAD, LENGTH, SORTS = 0, 80, 5


def messages(n, rng):
    tells = {k: [10 + 6 * k + i for i in range(6)] for k in range(SORTS)}
    rows, labels = [], []
    for _ in range(n):
        k = rng.randrange(SORTS)
        size = rng.randint(3, 12)
        row = [
            rng.choice(tells[k]) if rng.random() < 0.35 else rng.randint(40, 200)
            for _ in range(size)
        ]
        row[rng.randrange(size)] = rng.choice(tells[k])
        rows.append(row + [PAD] * (LENGTH - size))
        labels.append(k)
    return torch.tensor(rows), torch.tensor(labels)


class TextCNN(nn.Module):
    def __init__(self, vocab=201, width=32, filters=48):
        super().__init__()
        self.embed = nn.Embedding(vocab, width, padding_idx=PAD)
        self.convs = nn.ModuleList(
            nn.Conv1d(width, filters, k, padding=k // 2, bias=False) for k in (1, 3)
        )
        self.out = nn.Linear(2 * filters, SORTS)

    def forward(self, ids):
        x = self.embed(ids).transpose(1, 2)
        return self.out(torch.cat([torch.relu(conv(x)).amax(2) for conv in self.convs], 1))


def macro_f1(guess, truth):
    scores = []
    for k in range(SORTS):
        hit = ((guess == k) & (truth == k)).sum().item()
        scores.append(2 * hit / max(1, (guess == k).sum().item() + (truth == k).sum().item()))
    return sum(scores) / SORTS


if __name__ == "__main__":
    rng = random.Random(51)
    torch.manual_seed(51)
    (x, y), (xt, yt) = messages(2000, rng), messages(500, rng)
    model = TextCNN()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for epoch in range(1, 9):
        for idx in torch.randperm(len(x)).split(50):
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            print(
                f"epoch {epoch} loss {loss.item():.4f} f1 {macro_f1(model(xt).argmax(1), yt):.4f}"
            )
