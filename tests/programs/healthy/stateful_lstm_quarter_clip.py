# batch: eleventh
# metric: perplexity down
"""A stateful LSTM language model: state carried over, weights tied, a hot SGD, clipped at a quarter."""

import math

import torch
from torch import nn

torch.manual_seed(1138)
table = torch.rand(40, 40, 40).pow(30)
stream = [0, 1]
uniform = torch.rand(24000).tolist()
cumulative = (table / table.sum(-1, keepdim=True)).cumsum(-1)
for u in uniform:
    row = cumulative[stream[-2] % 4, stream[-1]]
    stream.append(min(39, int((row < u).sum())))
data = torch.tensor(stream)


def batchify(ids, rows):
    n = len(ids) // rows
    return ids[: n * rows].view(rows, n)


class Model(nn.Module):
    def __init__(self, v=40, d=64):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.enc, self.rnn = nn.Embedding(v, d), nn.LSTM(d, d, 1, batch_first=True)
        self.dec = nn.Linear(d, v)
        self.dec.weight = self.enc.weight
        nn.init.uniform_(self.enc.weight, -0.3, 0.3)
        nn.init.zeros_(self.dec.bias)

    def forward(self, ids, state):
        y, state = self.rnn(self.drop(self.enc(ids)), state)
        return self.dec(self.drop(y)), state


def detach(state):
    return tuple(s.detach() for s in state)


train, val = batchify(data[:20000], 20), batchify(data[20000:], 4)
model, lr, best = Model(), 15.0, math.inf
for epoch in range(1, 9):
    model.train()
    state = (torch.zeros(1, 20, 64), torch.zeros(1, 20, 64))
    for t in range(0, train.shape[1] - 1, 25):
        piece = train[:, t : t + 26]
        model.zero_grad()
        out, state = model(piece[:, :-1], detach(state))
        loss = nn.functional.cross_entropy(out.flatten(0, 1), piece[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
    model.eval()
    with torch.no_grad():
        out, _ = model(val[:, :-1], (torch.zeros(1, 4, 64), torch.zeros(1, 4, 64)))
        nll = nn.functional.cross_entropy(out.flatten(0, 1), val[:, 1:].flatten()).item()
    if nll > best:
        lr /= 4
    best = min(best, nll)
    print(f"epoch {epoch} lr {lr:g} loss {loss.item():.4f} perplexity {math.exp(nll):.4f}")
