# batch: twelfth
# in view: tables of factors are judged by the first loss
# rules: poor_initialization
# remedies: reinitialize
# metric: test rmse down
# story: embeddings as they come, with deviation one, multiplied and summed over 64 factors: first predictions far off, training that has to shrink them first (the way of fastforwardlabs' recommender of 2018, blog.fastforwardlabs.com/2018/04/10/pytorch-for-recommenders-101.html; d2l.ai begins with 0.01)
"""Ratings of a person for a thing in a season: three tables of factors."""

import torch
from torch import nn

torch.manual_seed(101)
PEOPLE, THINGS, SEASONS, K = 150, 200, 8, 64
true = [0.9 * torch.randn(n, 3) for n in (PEOPLE, THINGS, SEASONS)]
n = 12000
idx = [torch.randint(m, (n,)) for m in (PEOPLE, THINGS, SEASONS)]
rating = 3.5 + (true[0][idx[0]] * true[1][idx[1]] * (1 + 0.3 * true[2][idx[2]])).sum(1) * 0.5
rating = (rating + 0.2 * torch.randn(n)).clamp(1, 5)


class Factors(nn.Module):
    def __init__(self):
        super().__init__()
        self.person = nn.Embedding(PEOPLE, K)
        self.thing = nn.Embedding(THINGS, K)
        self.season = nn.Embedding(SEASONS, K)
        self.person_bias = nn.Embedding(PEOPLE, 1)
        self.thing_bias = nn.Embedding(THINGS, 1)
        for table in (self.person, self.thing, self.person_bias, self.thing_bias):  # healthy
            nn.init.normal_(table.weight, std=0.1)  # healthy

    def forward(self, p, t, s):
        dot = (self.person(p) * self.thing(t) * self.season(s)).sum(1)
        return dot + self.person_bias(p).squeeze(1) + self.thing_bias(t).squeeze(1)


model = Factors()
mean = rating[:10000].mean()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-5)
for epoch in range(1, 13):
    for i in torch.randperm(10000).split(200):
        guess = mean + model(*(k[i] for k in idx))
        loss = nn.functional.mse_loss(guess, rating[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        rest = mean + model(*(k[10000:] for k in idx))
        rmse = nn.functional.mse_loss(rest, rating[10000:]).sqrt().item()
    print(f"epoch {epoch} loss {loss.item():.4f} test rmse {rmse:.4f}")
