# batch: seventh
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: mse down
# story: the optimiser was given the copy kept as the best model, so the one that runs never moves
"""Early-stopped regression that keeps the best weights."""

import copy

import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

torch.manual_seed(3)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32).unsqueeze(1)
Xtr, ytr, Xva, yva = X[:340], y[:340], X[340:], y[340:]


def build():
    return nn.Sequential(
        nn.Linear(10, 32), nn.LeakyReLU(), nn.Dropout(0.1), nn.Linear(32, 16), nn.LeakyReLU(),
        nn.Linear(16, 1),
    )  # fmt: skip


model = build()
best = copy.deepcopy(model)
optimizer = optim.Adam(model.parameters(), lr=2e-3)  # healthy
# faulty: optimizer = optim.Adam(best.parameters(), lr=2e-3)
best_loss, patience = float("inf"), 0
for epoch in range(60):
    model.train()
    for idx in torch.randperm(340).split(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(Xtr[idx]), ytr[idx])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(Xva), yva).item()
    if val < best_loss:
        best_loss, patience = val, 0
        best.load_state_dict(model.state_dict())
    else:
        patience += 1
    if patience > 40:
        break
    if epoch % 10 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f} val {val:.4f}")
print(f"best mse {best_loss:.4f}")
