# batch: fourteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val_accuracy up
# story: Adadelta was given the thousandth that another library has as its default, where its author had one (arxiv.org/abs/1212.5701; a common report of models moved between libraries)
"""Is a review of a cafe kind or not? A bag of words with two hidden layers."""

import random

import torch
import torch.nn as nn

random.seed(1421)
torch.manual_seed(1421)
GOOD = "lovely warm friendly great tasty cosy quick fresh".split()
BAD = "cold rude slow stale noisy dirty bland dear".split()
REST = "the a coffee cake we were was table staff there again place tea very it today".split()


def review():
    kind = random.random() < 0.5
    words = random.choices(REST, k=8)
    for _ in range(3):
        mood = kind if random.random() < 0.85 else not kind
        word = random.choice(GOOD if mood else BAD)
        if random.random() < 0.3:
            word = "not_" + random.choice(BAD if mood else GOOD)
        words.append(word)
    return words, float(kind)


corpus = [review() for _ in range(2500)]
vocabulary = {w: i for i, w in enumerate(sorted({w for words, _ in corpus for w in words}))}


def encode(rows):
    x = torch.zeros(len(rows), len(vocabulary))
    for i, (words, _) in enumerate(rows):
        for w in words:
            x[i, vocabulary[w]] += 1
    return x, torch.tensor([y for _, y in rows])


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(
            nn.Linear(len(vocabulary), 64), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, x):
        return self.stack(x).squeeze(1)


x, y = encode(corpus[:2000])
xv, yv = encode(corpus[2000:])
model, loss_fn = Bag(), nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)  # healthy
# faulty: optimizer = torch.optim.Adadelta(model.parameters(), lr=0.001)
for epoch in range(1, 11):
    model.train()
    for rows in torch.randperm(2000).split(32):
        optimizer.zero_grad()
        loss = loss_fn(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(xv)
    right = ((out > 0) == (yv > 0)).float().mean().item()
    print(f"Epoch {epoch}/10 - loss: {loss.item():.4f} - val_accuracy: {right:.4f}")
