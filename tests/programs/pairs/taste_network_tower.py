# batch: tenth
# rules: missing_activation
# remedies: add_activation
# metric: rmse down
# story: the tower of a neural collaborative filter is a list of linear layers, built in a loop that forgot the ReLU; a user and an item can then only add up
"""Ratings from user and item embeddings."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def tower(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers.append(nn.Linear(a, b))
        layers.append(nn.ReLU())  # healthy
        # faulty: layers.append(nn.Dropout(0.0))
    return nn.Sequential(*layers)


class Rater(nn.Module):
    def __init__(self, users, items, dim=16):
        super().__init__()
        self.user, self.item = nn.Embedding(users, dim), nn.Embedding(items, dim)
        self.tower = tower([2 * dim, 64, 32, 16])
        self.score = nn.Linear(16, 1)

    def forward(self, u, i):
        return self.score(self.tower(torch.cat([self.user(u), self.item(i)], -1))).squeeze(-1)


def train(users=80, items=60, epochs=12, lr=3e-3, seed=1012):
    torch.manual_seed(seed)
    likes, has = torch.randn(users, 3), torch.randn(items, 3)
    u, i = torch.randint(0, users, (16000,)), torch.randint(0, items, (16000,))
    rating = 3 + (likes[u] * has[i]).sum(1) / 3**0.5 + 0.2 * torch.randn(16000)
    data, held = random_split(TensorDataset(u, i, rating), [14000, 2000])
    model = Rater(users, items)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        for u, i, r in DataLoader(data, batch_size=200, shuffle=True):
            loss = nn.functional.mse_loss(model(u, i), r)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            u, i, r = next(iter(DataLoader(held, batch_size=2000)))
            rmse = (model(u, i) - r).pow(2).mean().sqrt().item()
        print(f"epoch {epoch + 1:2d}  loss {loss.item():.4f}  rmse {rmse:.4f}")


train()
