# batch: seventh
# metric: recall up
"""Metric learning with semi-hard triplets on digits; unit-norm embeddings."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(61)
d = load_digits()
X, y = torch.tensor(d.data / 8 - 1).float(), torch.tensor(d.target)
net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 16))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)


def embed(x):
    return F.normalize(net(x), dim=1)


for epoch in range(8):
    for b in torch.randperm(1400).split(70):
        e = embed(X[b])
        dist = torch.cdist(e, e)
        same = y[b][:, None] == y[b][None]
        eye = torch.eye(len(b), dtype=torch.bool)
        pos = dist.masked_fill(~same | eye, -1).max(1).values
        semi = dist.masked_fill(same | (dist <= pos[:, None]), 9.0).min(1).values
        hard = dist.masked_fill(same, 9.0).min(1).values
        neg = torch.where(semi < 9, semi, hard)
        loss = F.relu(pos - neg + 0.3).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        e, t = embed(X[:1400]), embed(X[1400:])
        recall = (y[:1400][torch.cdist(t, e).argmin(1)] == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} recall {recall:.4f}")
