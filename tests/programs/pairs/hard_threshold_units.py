# rules: unsuitable_activation frozen_parameters vanishing_gradient
# remedies: swap_activation
# metric: accuracy up
# story: a step function as hidden activation passes no gradient: the first layers never learn
# in view: thresholds get a straight-through gradient
"""Perceptron with threshold units."""

import torch
from sklearn.datasets import make_circles
from torch import nn


class Threshold(nn.Module):
    def forward(self, x):
        return torch.sigmoid(4 * x)  # healthy
        # faulty: return torch.sign(x)


torch.manual_seed(3)
X, y = make_circles(1000, noise=0.08, factor=0.5, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
net = nn.Sequential(nn.Linear(2, 6), Threshold(), nn.Linear(6, 6), Threshold(), nn.Linear(6, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.02)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(20):
    for b in torch.randperm(800).split(40):
        opt.zero_grad()
        loss = loss_fn(net(X[b]).squeeze(1), y[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = ((net(X[800:]).squeeze(1) > 0).float() == y[800:]).float().mean()
    if epoch % 4 == 3:
        print("epoch", epoch + 1, "loss", f"{loss:.4f}", "accuracy", f"{acc:.4f}")
