# rules: born_dead poor_initialization dying_relu
# remedies: reinitialize swap_activation recycle_units insert_normalization
# metric: accuracy up
# story: a sparse prior set by a negative bias, ten times too large
"""MLP on digits with custom init."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
digits = load_digits()
xtr, xte, ytr, yte = train_test_split(digits.data / 16.0, digits.target, random_state=0)
xtr, xte = torch.Tensor(xtr), torch.Tensor(xte)
ytr, yte = torch.LongTensor(ytr), torch.LongTensor(yte)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
        nn.init.constant_(m.bias, -0.05)  # healthy
        # faulty: nn.init.constant_(m.bias, -5.0)


model = nn.Sequential(
    nn.Linear(64, 100),
    nn.ReLU(inplace=True),
    nn.Linear(100, 100),
    nn.ReLU(inplace=True),
    nn.Linear(100, 10),
)
model.apply(init_weights)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
n, bs = len(xtr), 50
for epoch in range(8):
    order = torch.randperm(n)
    for i in range(0, n, bs):
        sel = order[i : i + bs]
        loss = criterion(model(xtr[sel]), ytr[sel])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(xte).max(1)[1] == yte).sum().item() / len(yte)
    print(f"[{epoch}] loss {loss.item():.3f} accuracy {acc:.3f}")
