# batch: seventeenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val_acc up
# story: embedding, simple recurrent layer and dense head on film reviews with Adam at a millionth, the curves stayed flat until a thousandth was tried (github.com/shiningrain/AUTOTRAINER, TrainingNotConverge/case24-rnn)
"""Sentiment of short film reviews: embedding, RNN, batch norm, dense."""

import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

random.seed(24)
torch.manual_seed(24)
LRATE = 1e-3  # healthy
# faulty: LRATE = 1e-6
GOOD = "great moving funny lovely bright superb touching clever warm brilliant".split()
BAD = "dull boring weak awful noisy clumsy empty flat cheap tedious".split()
PLAIN = "the film story actor scene plot camera music of and was with in this some very a ending".split()
VOCAB = {w: i + 1 for i, w in enumerate(GOOD + BAD + PLAIN)}


def review():
    label = random.random() < 0.5
    words = []
    for _ in range(random.randint(10, 20)):
        r = random.random()
        if r < 0.25:
            words.append(random.choice(GOOD if label else BAD))
        elif r < 0.32:
            words.append(random.choice(BAD if label else GOOD))
        else:
            words.append(random.choice(PLAIN))
    return torch.tensor([VOCAB[w] for w in words]), float(label)


class Reviews(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(len(VOCAB) + 1, 32, padding_idx=0)
        self.rnn = nn.RNN(32, 32, batch_first=True)
        nn.init.orthogonal_(self.rnn.weight_hh_l0)
        self.norm = nn.BatchNorm1d(32)
        self.fc = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, tokens):
        _, h = self.rnn(self.embed(tokens).flip(1))
        return self.fc(self.norm(h[0])).squeeze(1)


data = [review() for _ in range(2400)]
X = pad_sequence([t for t, _ in data], batch_first=True)
Y = torch.tensor([y for _, y in data])
model = Reviews()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=LRATE)
for epoch in range(10):
    model.train()
    for idx in torch.randperm(2000).split(32):
        optimizer.zero_grad()
        loss = criterion(model(X[idx]), Y[idx])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(X[2000:])
        val_loss = criterion(out, Y[2000:])
        val_acc = ((out > 0) == (Y[2000:] > 0.5)).float().mean()
    print(f"epoch {epoch}: val_loss {val_loss:.4f} val_acc {val_acc:.4f}")
