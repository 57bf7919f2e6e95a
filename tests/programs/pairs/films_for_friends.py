# batch: eleventh
# rules: missing_activation
# remedies: add_activation
# metric: test rmse down
# story: the tower of a neural collaborative filter was a Sequential of Linear layers alone, after a port from a framework where the activation is an argument of the layer (the kind Activation function of the taxonomy of real faults, arxiv.org/abs/1910.11015)
"""Neural collaborative filtering: how would a user rate a film?"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def ratings(users=120, films=150, count=9000):
    u, v = torch.randn(users, 2), torch.randn(films, 2)
    who, what = torch.randint(0, users, (count,)), torch.randint(0, films, (count,))
    score = 3 + (u[who] * v[what]).sum(1).tanh() * 1.8 + 0.15 * torch.randn(count)
    return who, what, score


class Tower(nn.Sequential):
    def __init__(self, sizes):
        layers = []
        for i, o in zip(sizes[:-1], sizes[1:]):
            layers.append(nn.Linear(i, o))
            layers.append(nn.ReLU())  # healthy
        super().__init__(*layers)


class NCF(nn.Module):
    def __init__(self, users, films, dim=24):
        super().__init__()
        self.user, self.film = nn.Embedding(users, dim), nn.Embedding(films, dim)
        nn.init.normal_(self.user.weight, std=0.3)
        nn.init.normal_(self.film.weight, std=0.3)
        self.tower = Tower([2 * dim, 64, 32, 16])
        self.rating = nn.Linear(16, 1)

    def forward(self, who, what):
        pair = torch.cat([self.user(who), self.film(what)], dim=-1)
        return 3 + self.rating(self.tower(pair)).squeeze(-1)


def fit(model, data, test, epochs=12):
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
    for epoch in range(1, epochs + 1):
        for who, what, score in DataLoader(data, batch_size=100, shuffle=True):
            loss = loss_fn(model(who, what), score)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            rmse = loss_fn(model(test[0], test[1]), test[2]).sqrt()
        print(f"epoch {epoch:2d} train loss {loss.item():.4f} test rmse {rmse.item():.4f}")


torch.manual_seed(1116)
who, what, score = ratings()
fit(
    NCF(120, 150),
    TensorDataset(who[:8000], what[:8000], score[:8000]),
    (who[8000:], what[8000:], score[8000:]),
)
