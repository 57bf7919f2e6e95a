# batch: seventeenth
# rules: symmetric_initialization poor_initialization
# remedies: reinitialize
# metric: val_rmse down
# story: a recommender by embeddings had its initialisation changed to all ones, so that every column of a table stayed like every other (github.com/dlfaults/deepcrime, operator on initial weights, film recommender)
"""Stars that guests give to restaurants, from two tables of embeddings and their biases."""

import torch
from torch import nn

torch.manual_seed(42)
GUESTS, PLACES, SIZE = 150, 100, 12


class Recommender(nn.Module):
    def __init__(self):
        super().__init__()
        self.guest = nn.Embedding(GUESTS, SIZE)
        self.place = nn.Embedding(PLACES, SIZE)
        self.guest_bias = nn.Embedding(GUESTS, 1)
        self.place_bias = nn.Embedding(PLACES, 1)
        for table in (self.guest, self.place):
            nn.init.normal_(table.weight, std=0.3)  # healthy
            # faulty: nn.init.ones_(table.weight)
        nn.init.zeros_(self.guest_bias.weight)
        nn.init.zeros_(self.place_bias.weight)

    def forward(self, g, p):
        match = (self.guest(g) * self.place(p)).sum(1)
        bias = self.guest_bias(g) + self.place_bias(p)
        return torch.sigmoid(match + bias.squeeze(1))


taste, style = torch.randn(GUESTS, 4), torch.randn(PLACES, 4)
g = torch.arange(GUESTS).repeat_interleave(PLACES)
p = torch.arange(PLACES).repeat(GUESTS)
liking = (taste[g] * style[p]).sum(1) + 0.3 * torch.randn(len(g))
stars = (torch.sigmoid(liking) * 4 + 1).round()
target = (stars - 1) / 4
order = torch.randperm(len(g))[:12000]
train, val = order[:10500], order[10500:]

model = Recommender()
loss_fn = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(12):
    running = 0.0
    for rows in train[torch.randperm(len(train))].split(128):
        loss = loss_fn(model(g[rows], p[rows]), target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(rows) / len(train)
    with torch.no_grad():
        rmse = (4 * (model(g[val], p[val]) - target[val])).square().mean().sqrt()
    print(f"epoch {epoch + 1:2d}  loss {running:.4f}  val_rmse {rmse.item():.4f}")
