# rules: non_finite
# remedies: stabilize_loss
# metric: val accuracy up
# story: the distance of two equal embeddings: the square root's gradient at zero is infinite
"""Siamese network with contrastive loss; some pairs are a sample and itself."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)


def contrastive(a, b, same, margin=1.0):
    squared = (a - b).pow(2).sum(1)
    d = torch.sqrt(squared + 1e-8)  # healthy
    # faulty: d = torch.sqrt(squared)
    return (same * d**2 + (1 - same) * torch.relu(margin - d) ** 2).mean()


def nearest(x, t):
    with torch.no_grad():
        e, ref = net(x), net(X[:1200])
        return (y[:1200][torch.cdist(e, ref).argmin(1)] == t).float().mean().item()


for step in range(300):
    i = torch.randint(0, 1200, (64,))
    j = torch.where(torch.rand(64) < 0.5, i[torch.randperm(64)], i)
    j = torch.where(torch.rand(64) < 0.3, torch.randint(0, 1200, (64,)), j)
    loss = contrastive(net(X[i]), net(X[j]), (y[i] == y[j]).float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        acc = nearest(X[1200:], y[1200:])
        print(f"step {step + 1} loss {loss.item():.4f} val accuracy {acc:.4f}")
