# batch: seventh
# metric: accuracy up
"""A bidirectional LSTM over packed sequences of unequal length."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

torch.manual_seed(6)
STARTS = torch.randint(1, 20, (5, 3))


def make():
    k = int(torch.randint(5, (1,)))
    body = torch.randint(1, 20, (int(torch.randint(3, 12, (1,))),))
    at = int(torch.randint(len(body), (1,)))
    return torch.cat([body[:at], STARTS[k], body[at:]]), k


def collate(items):
    seqs, labels = zip(*items)
    return (
        pad_sequence(seqs, batch_first=True),
        torch.tensor([len(s) for s in seqs]),
        torch.tensor(labels),
    )


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 24, padding_idx=0)
        self.lstm = nn.LSTM(24, 32, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(64, 5)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, (h, _) = self.lstm(packed)
        return self.fc(self.dropout(torch.cat([h[0], h[1]], 1)))


items = [make() for _ in range(1500)]
train = DataLoader(items[:1200], 40, shuffle=True, collate_fn=collate)
test = DataLoader(items[1200:], 100, collate_fn=collate)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=0.008)
for epoch in range(7):
    model.train()
    for ids, lengths, y in train:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(ids, lengths), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(i, n).argmax(1) == y).sum().item() for i, n, y in test)
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {hits / 300:.4f}")
