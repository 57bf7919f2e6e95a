# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: val_acc up
# story: bag of words, softmax before CrossEntropyLoss
"""Softmax then ce text."""

import random

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
topics = [
    ["goal", "match", "team", "coach"],
    ["vote", "law", "party", "tax"],
    ["cell", "gene", "virus", "lab"],
    ["band", "song", "album", "tour"],
]
filler = ["the", "a", "of", "and", "in", "to", "was", "on"]


def doc():
    k = random.randrange(4)
    return [
        random.choice(
            topics[k]
            if random.random() < 0.35
            else (filler if random.random() < 0.8 else random.choice(topics))
        )
        for _ in range(12)
    ], k


vocab = {w: i for i, w in enumerate(sorted({w for t in topics for w in t} | set(filler)))}
docs = [doc() for _ in range(1200)]
ids = torch.tensor([[vocab[w] for w in d] for d, _ in docs])
lab = torch.tensor([k for _, k in docs])


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.EmbeddingBag(len(vocab), 24)
        self.fc = nn.Linear(24, 4)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        out = self.fc(self.emb(x))
        # faulty: out = self.softmax(out)
        return out


model = Bag()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()
for ep in range(5):
    for i in range(0, 1000, 50):
        opt.zero_grad()
        crit(model(ids[i : i + 50]), lab[i : i + 50]).backward()
        opt.step()
print("val_acc", (model(ids[1000:]).argmax(1) == lab[1000:]).float().mean().item())
