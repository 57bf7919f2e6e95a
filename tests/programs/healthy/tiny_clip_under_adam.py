# batch: fourteenth
# metric: bits per symbol down
"""A recurrent model of a grammar; its gradients are clipped to a thousandth, which Adam undoes."""

import math

import torch
from torch import nn

torch.manual_seed(1453)
NEXT = torch.softmax(3 * torch.randn(8, 8, 8), 2)


def sequences(n, length=24):
    a = torch.randint(8, (n,))
    rows = [a, torch.randint(8, (n,))]
    for _ in range(length - 1):
        rows.append(torch.multinomial(NEXT[rows[-2], rows[-1]], 1).squeeze(1))
    return torch.stack(rows, 1)


class Model(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.embed, self.rnn = nn.Embedding(8, width), nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, 8)

    def forward(self, s):
        return self.out(self.rnn(self.embed(s))[0])


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
held = sequences(400)
for it in range(1, 351):
    s = sequences(48)
    loss = nn.functional.cross_entropy(model(s[:, :-1]).transpose(1, 2), s[:, 1:])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
    optimizer.step()
    if it % 50 == 0:
        with torch.no_grad():
            out = model(held[:, :-1])[:, 1:].transpose(1, 2)
            nats = nn.functional.cross_entropy(out, held[:, 2:]).item()
        print(f"{it} loss {loss.item():.4f} bits per symbol {nats / math.log(2):.4f}")
