# batch: fifth
# metric: auc up
"""Hashed ids: a table of 20,000 zeros of which a few hundred rows are ever met, beside dense features."""

import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score

torch.manual_seed(57)
ids = torch.randint(20000, (400,))
effect = torch.randn(400)
who = torch.randint(400, (6000,))
dense = torch.randn(6000, 5)
y = torch.bernoulli(torch.sigmoid(2 * effect[who] + dense[:, 0] - dense[:, 1] * dense[:, 2]))


class WideAndDeep(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Embedding(20000, 1)
        nn.init.zeros_(self.wide.weight)
        self.deep = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, ids, dense):
        return (self.wide(ids) + self.deep(dense)).squeeze(1)


model = WideAndDeep()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for b in torch.randperm(5000).split(64):
        loss = nn.functional.binary_cross_entropy_with_logits(model(ids[who[b]], dense[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        p = model(ids[who[5000:]], dense[5000:])
    print(
        f"epoch {epoch} loss {loss.item():.4f} auc {roc_auc_score(y[5000:].numpy(), p.numpy()):.4f}"
    )
