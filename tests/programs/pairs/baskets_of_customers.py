# batch: twelfth
# rules: non_finite
# remedies: stabilize_loss
# metric: auc up
# story: the mean of the items of an empty basket is nought by nought; it was replaced afterwards, but its gradient was not (github.com/pytorch/pytorch/issues/26799)
"""Will a customer come back? The items of the last visit, averaged, and two numbers."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

rng = np.random.default_rng(12)
torch.manual_seed(12)
N, ITEMS, LONGEST = 3000, 120, 8
taste = rng.normal(size=ITEMS)
sizes = rng.integers(0, LONGEST + 1, N)
items = np.zeros((N, LONGEST), dtype=np.int64)
mask = np.arange(LONGEST) < sizes[:, None]
items[mask] = rng.integers(1, ITEMS, mask.sum())
facts = rng.normal(size=(N, 2)).astype(np.float32)
mean_taste = (taste[items] * mask).sum(1) / np.maximum(sizes, 1)
label = (1.8 * mean_taste + 0.5 * facts[:, 0] + 0.5 * rng.normal(size=N) > 0).astype(np.float32)

items, mask = torch.from_numpy(items), torch.from_numpy(mask)
facts, label = torch.from_numpy(facts), torch.from_numpy(label)


class Basket(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(ITEMS, 16)
        self.mlp = nn.Sequential(nn.Linear(18, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, items, mask, facts):
        count = mask.sum(1, keepdim=True).float()
        total = (self.emb(items) * mask.unsqueeze(-1)).sum(1)
        mean = total / count.clamp(min=1)  # healthy
        # faulty: mean = total / count
        mean = torch.where(count > 0, mean, torch.zeros_like(mean))
        return self.mlp(torch.cat([mean, facts], 1)).squeeze(1)


net = Basket()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(10):
    for i in torch.randperm(2400).split(64):
        opt.zero_grad()
        loss = bce(net(items[i], mask[i], facts[i]), label[i])
        loss.backward()
        opt.step()
    with torch.no_grad():
        score = net(items[2400:], mask[2400:], facts[2400:]).nan_to_num()
    print(f"epoch {epoch} loss {loss.item():.4f} auc {roc_auc_score(label[2400:], score):.4f}")
