# rules: saturated_activation poor_initialization
# remedies: reinitialize insert_normalization
# metric: held-out accuracy up
# story: the embedding drawn from minus to plus the vocabulary's size: all gates on their stops
# in view: where tables alone are loud the rest stays
"""Balanced or not: brackets read by a GRU."""

import torch
from torch import nn

torch.manual_seed(8)
TOKENS = 40


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, 16)
        limit = 1.0  # healthy
        # faulty: limit = TOKENS
        nn.init.uniform_(self.embedding.weight, -limit, limit)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.classify = nn.Linear(32, 2)

    def forward(self, tokens):
        states, _ = self.gru(self.embedding(tokens))
        return self.classify(states.mean(1))


def sample(n):
    tokens = torch.randint(TOKENS, (n, 12))
    rises = (tokens[:, 1:] > tokens[:, :-1]).sum(1)
    return tokens, (rises > 5).long()


tokens, label = sample(2500)
model = Reader()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    for rows in torch.randperm(2000).split(50):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(tokens[rows]), label[rows])
        loss.backward()
        opt.step()
    with torch.no_grad():
        hit = (model(tokens[2000:]).argmax(1) == label[2000:]).float().mean()
    print(f"{epoch}: loss {loss.item():.4f} held-out accuracy {hit.item():.4f}")
