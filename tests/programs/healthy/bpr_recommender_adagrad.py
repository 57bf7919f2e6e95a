# batch: second
# metric: auc up
"""Bayesian personalised ranking: embeddings drawn with std 0.01, sparse gradients, Adagrad at 0.5."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(23)
USERS, ITEMS, K = 300, 200, 16
u0, i0 = torch.randn(USERS, 4), torch.randn(ITEMS, 4)
truth = (u0 @ i0.T) + 0.5 * torch.randn(USERS, ITEMS)
liked = truth > truth.quantile(0.9, dim=1, keepdim=True)
pairs = liked.nonzero()
pairs = pairs[torch.randperm(len(pairs))]
train, test = pairs[: int(0.8 * len(pairs))], pairs[int(0.8 * len(pairs)) :]


class BPR(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.item = (
            nn.Embedding(USERS, K, sparse=True),
            nn.Embedding(ITEMS, K, sparse=True),
        )
        self.bias = nn.Embedding(ITEMS, 1, sparse=True)
        nn.init.normal_(self.user.weight, std=0.01)
        nn.init.normal_(self.item.weight, std=0.01)
        nn.init.zeros_(self.bias.weight)

    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(-1) + self.bias(i).squeeze(-1)


model = BPR()
opt = torch.optim.Adagrad(model.parameters(), lr=0.5)
for epoch in range(8):
    for batch in train[torch.randperm(len(train))].split(256):
        u, pos = batch.T
        neg = torch.randint(ITEMS, pos.shape)
        loss = -F.logsigmoid(model(u, pos) - model(u, neg)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        u, pos = test.T
        neg = torch.randint(ITEMS, (20, len(pos)))
        auc = (model(u, pos) > model(u.expand(20, -1), neg)).float().mean().item()
    print(f"epoch {epoch} bpr {loss.item():.4f} auc {auc:.4f}")
