# batch: eighteenth
# metric: test accuracy up
"""Digits photographed in the dark: pixels of a few hundredths, so plain descent takes large steps."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(3)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x, dtype=torch.float32) / 16 * 0.05, torch.tensor(y)
order = torch.randperm(len(x))
train, test = order[:1300], order[1300:]
model = nn.Linear(64, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=50.0)
for epoch in range(1, 41):
    for rows in train[torch.randperm(len(train))].split(64):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 8 == 0:
        with torch.no_grad():
            acc = (model(x[test]).argmax(1) == y[test]).float().mean()
        print(f"epoch {epoch} loss {loss.item():.4f} test accuracy {acc:.4f}")
