# batch: seventh
# rules: none
# remedies: lower_learning_rate
# metric: test accuracy up
# story: the inputs are shuffled each epoch and the labels are not
"""An MLP on breast cancer with a hand-made shuffle."""

import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer

torch.manual_seed(40)
data = load_breast_cancer()
X = torch.tensor(data.data, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(data.target)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
Xtr, ytr, Xte, yte = X[:450], y[:450], X[450:], y[450:]
net = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(30):
    order = torch.randperm(450)
    Xs, ys = Xtr[order], ytr[order]  # healthy
    # faulty: Xs, ys = Xtr[order], ytr
    for i in range(0, 450, 30):
        loss = nn.functional.cross_entropy(net(Xs[i : i + 30]), ys[i : i + 30])
        opt.zero_grad()
        loss.backward()
        opt.step()
acc = (net(Xte).argmax(1) == yte).float().mean().item()
print(f"loss {loss.item():.4f} test accuracy {acc:.4f}")
