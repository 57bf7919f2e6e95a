# batch: second
# metric: valid ppl down
"""Character model after the PyTorch word-LM example: LSTM, plain SGD at rate 20, clip 0.25, annealed by 4."""

import math

import torch
import torch.nn as nn

TEXT = (
    "the quick brown fox jumps over the lazy dog while the cat sleeps near the old stove and "
    "seven wizards quietly mix a jug of blue ink for the king of the northern hills "
) * 40
chars = sorted(set(TEXT))
ids = torch.tensor([chars.index(c) for c in TEXT])


def batchify(data, bsz):
    n = data.size(0) // bsz
    return data[: n * bsz].view(bsz, -1).t().contiguous()


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp, nhid, dropout=0.1):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid)
        self.decoder = nn.Linear(nhid, ntoken)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)

    def forward(self, x, hidden):
        out, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return self.decoder(self.drop(out)), hidden


torch.manual_seed(1111)
model, bptt, lr = RNNModel(len(chars), 32, 64), 20, 20.0
train, valid = batchify(ids[:5200], 16), batchify(ids[5200:], 8)
criterion = nn.CrossEntropyLoss()


def zero_state(n):
    return torch.zeros(1, n, 64), torch.zeros(1, n, 64)


def evaluate(source):
    model.eval()
    total, hidden = 0.0, zero_state(source.size(1))
    with torch.no_grad():
        for i in range(0, source.size(0) - 1, bptt):
            n = min(bptt, source.size(0) - 1 - i)
            out, hidden = model(source[i : i + n], hidden)
            total += n * criterion(out.flatten(0, 1), source[i + 1 : i + 1 + n].flatten()).item()
    return total / (source.size(0) - 1)


best = None
for epoch in range(1, 13):
    model.train()
    hidden = zero_state(16)
    for i in range(0, train.size(0) - 1, bptt):
        n = min(bptt, train.size(0) - 1 - i)
        hidden = tuple(h.detach() for h in hidden)
        model.zero_grad()
        out, hidden = model(train[i : i + n], hidden)
        loss = criterion(out.flatten(0, 1), train[i + 1 : i + 1 + n].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
    val = evaluate(valid)
    print(f"| end of epoch {epoch:3d} | valid loss {val:5.2f} | valid ppl {math.exp(val):8.2f}")
    if best is None or val < best:
        best = val
    else:
        lr /= 4.0
