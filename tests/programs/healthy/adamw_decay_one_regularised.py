# batch: fourth
# metric: test accuracy up
"""Breast cancer table with a strong decoupled decay of 1.0 on purpose: few rows, many weights, early stopping kept best."""

import copy

import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

torch.manual_seed(7)
X, y = load_breast_cancer(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
order = torch.randperm(len(X))
tr, va, te = order[:300], order[300:420], order[420:]

net = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1.0)
loss_fn = nn.BCEWithLogitsLoss()
best, kept, patience = float("inf"), None, 0
for epoch in range(120):
    net.train()
    for b in tr[torch.randperm(len(tr))].split(32):
        loss = loss_fn(net(X[b]).flatten(), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = loss_fn(net(X[va]).flatten(), y[va]).item()
    if val < best - 1e-4:
        best, kept, patience = val, copy.deepcopy(net.state_dict()), 0
    else:
        patience += 1
        if patience > 20:
            print("early stop at", epoch)
            break
    if epoch % 10 == 0:
        print("epoch", epoch, "val loss", val)
net.load_state_dict(kept)
with torch.no_grad():
    print("test accuracy", ((net(X[te]).flatten() > 0) == (y[te] > 0.5)).float().mean().item())
