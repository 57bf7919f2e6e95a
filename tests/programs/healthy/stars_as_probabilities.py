# batch: seventeenth
# metric: val_rmse down
"""Ratings between nought and one under cross-entropy: embeddings, biases, a sigmoid, a small penalty."""

import torch
from torch import nn

torch.manual_seed(7)
USERS, BOOKS, SIZE = 120, 90, 16
like, kind = torch.randn(USERS, 3), torch.randn(BOOKS, 3)
u = torch.randint(USERS, (9000,))
b = torch.randint(BOOKS, (9000,))
rating = torch.sigmoid((like[u] * kind[b]).sum(1) + 0.2 * torch.randn(9000))
rating = (rating * 9).round() / 9


class Ratings(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(USERS, SIZE)
        self.book = nn.Embedding(BOOKS, SIZE)
        self.user_bias = nn.Embedding(USERS, 1)
        self.book_bias = nn.Embedding(BOOKS, 1)
        nn.init.kaiming_normal_(self.user.weight)
        nn.init.kaiming_normal_(self.book.weight)
        nn.init.uniform_(self.user_bias.weight, -0.05, 0.05)
        nn.init.uniform_(self.book_bias.weight, -0.05, 0.05)

    def forward(self, u, b):
        score = torch.einsum("ns,ns->n", self.user(u), self.book(b))
        return torch.sigmoid(score + self.user_bias(u)[:, 0] + self.book_bias(b)[:, 0])

    def penalty(self):
        return 1e-6 * (self.user.weight.square().sum() + self.book.weight.square().sum())


model = Ratings()
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
bce = nn.BCELoss()
for epoch in range(25):
    for i in torch.randperm(8000).split(64):
        loss = bce(model(u[i], b[i]), rating[i]) + model.penalty()
        adam.zero_grad()
        loss.backward()
        adam.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            p = model(u[8000:], b[8000:])
            rmse = (p - rating[8000:]).square().mean().sqrt()
            print(f"{epoch + 1}: val_bce {bce(p, rating[8000:]):.4f} val_rmse {rmse:.4f}")
