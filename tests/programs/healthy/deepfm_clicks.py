# batch: fourth
# metric: auc up
"""DeepFM on simulated clicks: factorisation machine and a deep part with batch norm and dropout share embeddings."""

import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score

torch.manual_seed(2020)
FIELDS = [40, 25, 12, 8, 6, 3]
N = 6000
X = torch.stack([torch.randint(c, (N,)) for c in FIELDS], 1)
hidden = [torch.randn(c, 4) for c in FIELDS]
vectors = torch.stack([h[X[:, i]] for i, h in enumerate(hidden)], 1)
score = 0.6 * ((vectors.sum(1) ** 2 - (vectors**2).sum(1)).sum(1)) / 2 - 1.5
y = torch.bernoulli(torch.sigmoid(score))
offsets = torch.tensor([0] + FIELDS[:-1]).cumsum(0)


class DeepFM(nn.Module):
    def __init__(self, k=8):
        super().__init__()
        total = sum(FIELDS)
        self.first, self.second = nn.Embedding(total, 1), nn.Embedding(total, k)
        nn.init.xavier_uniform_(self.second.weight)
        self.bias = nn.Parameter(torch.zeros(1))
        self.deep = nn.Sequential(
            nn.Linear(len(FIELDS) * k, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, x):
        x = x + offsets
        v = self.second(x)
        fm = (v.sum(1).pow(2) - v.pow(2).sum(1)).sum(1) / 2
        return self.bias + self.first(x).sum((1, 2)) + fm + self.deep(v.flatten(1)).squeeze(1)


model = DeepFM()
opt = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-5)
for epoch in range(6):
    model.train()
    for b in torch.randperm(4800).split(128):
        loss = nn.functional.binary_cross_entropy_with_logits(model(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        auc = roc_auc_score(y[4800:].numpy(), model(X[4800:]).numpy())
    print(f"epoch {epoch}, logloss {loss.item():.4f}, auc {auc:.4f}")
