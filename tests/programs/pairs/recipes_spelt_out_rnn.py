# batch: eighteenth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: valid loss down
# story: a recurrent net was trained through long sequences with a rate that counts on clipped gradients, and the call that clips them was left out (github.com/Marcovaldong/lstmp.pytorch/issues/2: just clip them)
"""A plain recurrent net learns to spell recipes, letter by letter."""

import random

import torch
from torch import nn


class Corpus:
    def __init__(self, seed=5):
        rng = random.Random(seed)
        verbs = "stir whisk fold warm sift pour rest".split()
        things = "flour butter honey eggs milk salt lemon".split()
        text = [
            f"{rng.choice(verbs)} the {rng.choice(things)} and the {rng.choice(things)} for {rng.randint(2, 9)} minutes. "
            for _ in range(900)
        ]
        text = "".join(text)
        self.letters = sorted(set(text))
        ids = torch.tensor([self.letters.index(c) for c in text])
        cut = int(0.9 * len(ids))
        self.train, self.valid = ids[:cut], ids[cut:]

    @staticmethod
    def columns(ids, count):
        n = len(ids) // count
        return ids[: n * count].view(count, n)


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp=32, nhid=96):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.RNN(ninp, nhid, nonlinearity="tanh", batch_first=True)
        self.decoder = nn.Linear(nhid, ntoken)

    def forward(self, ids, hidden):
        out, hidden = self.rnn(self.encoder(ids), hidden)
        return self.decoder(out), hidden


def evaluate(model, data, criterion):
    model.eval()
    with torch.no_grad():
        logits, _ = model(data[:, :-1], None)
        return criterion(logits.transpose(1, 2), data[:, 1:]).item()


def train(epochs=3, bptt=70, lr=6.0, clip=0.25):
    torch.manual_seed(1111)
    corpus = Corpus()
    model = RNNModel(len(corpus.letters))
    criterion = nn.CrossEntropyLoss()
    data, held = corpus.columns(corpus.train, 16), corpus.columns(corpus.valid, 4)
    best = None
    for epoch in range(1, epochs + 1):
        model.train()
        hidden, total, count = None, 0.0, 0
        for start in range(0, data.shape[1] - 1 - bptt, bptt):
            x, y = data[:, start : start + bptt], data[:, start + 1 : start + bptt + 1]
            if hidden is not None:
                hidden = hidden.detach()
            logits, hidden = model(x, hidden)
            loss = criterion(logits.transpose(1, 2), y)
            model.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)  # healthy
            for p in model.parameters():
                p.data.add_(p.grad, alpha=-lr)
            total, count = total + loss.item(), count + 1
        val = evaluate(model, held, criterion)
        best = val if best is None else min(best, val)
        print(f"| end of epoch {epoch} | train loss {total / count:.3f} | valid loss {val:.4f}")


train()
