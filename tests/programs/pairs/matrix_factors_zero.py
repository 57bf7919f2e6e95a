# rules: symmetric_initialization poor_initialization frozen_parameters
# remedies: reinitialize
# metric: val rmse down
# story: recommender: user and item embeddings both zero, their product has no gradient
"""Matrix factorisation with embeddings and biases."""

import torch
from torch import nn

torch.manual_seed(0)
users, items, rank = 80, 60, 4
truth = torch.randn(users, rank) @ torch.randn(items, rank).T / 2
u = torch.randint(0, users, (6000,))
v = torch.randint(0, items, (6000,))
rating = truth[u, v] + 0.1 * torch.randn(6000)


class MF(nn.Module):
    def __init__(self, n_users, n_items, k):
        super().__init__()
        self.user = nn.Embedding(n_users, k)
        self.item = nn.Embedding(n_items, k)
        self.user_bias = nn.Embedding(n_users, 1)
        self.item_bias = nn.Embedding(n_items, 1)
        for e in (self.user, self.item):
            nn.init.normal_(e.weight, std=0.3)  # healthy
            # faulty: nn.init.zeros_(e.weight)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, u, v):
        dot = (self.user(u) * self.item(v)).sum(1)
        return dot + self.user_bias(u).squeeze(1) + self.item_bias(v).squeeze(1)


model = MF(users, items, 8)
opt = torch.optim.Adam(model.parameters(), lr=2e-2, weight_decay=1e-4)
for epoch in range(15):
    for b in torch.randperm(5000).split(250):
        loss = nn.functional.mse_loss(model(u[b], v[b]), rating[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        rmse = (model(u[5000:], v[5000:]) - rating[5000:]).pow(2).mean().sqrt().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train loss {loss.item():.4f} val rmse {rmse:.4f}")
