# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: r2 up
# story: ExponentialLR(0.7), meant per epoch, is stepped per batch: soon the rate is gone
"""Regression with a scheduler."""

import torch
from sklearn.datasets import make_regression
from torch import nn

torch.manual_seed(0)
X, y = make_regression(1200, 20, n_informative=12, noise=5.0, random_state=7)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tanh(torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)).unsqueeze(1) * 2
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.7)
for epoch in range(12):
    for k in range(0, 1000, 25):
        xb, yb = X[k : k + 25], y[k : k + 25]
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # faulty: scheduler.step()
    scheduler.step()  # healthy
    with torch.no_grad():
        pred = model(X[1000:])
        r2 = 1 - (pred - y[1000:]).var() / y[1000:].var()
    print(f"epoch {epoch} loss {loss.item():.4f} r2 {r2.item():.4f}")
