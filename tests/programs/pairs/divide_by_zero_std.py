# rules: non_finite unnormalized_input
# remedies: stabilize_loss normalize_input
# metric: test accuracy up
# story: corner pixels are constant, so standardising them divides zero by zero
"""Digits, standardised by hand."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32)
y = torch.tensor(digits.target)
train_x, test_x = x[:1400], x[1400:]
mean, std = train_x.mean(0), train_x.std(0)
std = std.clamp(min=1.0)  # healthy
train_x = (train_x - mean) / std
test_x = (test_x - mean) / std
model = nn.Sequential(nn.Linear(64, 50), nn.Tanh(), nn.Linear(50, 10))
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
for epoch in range(5):
    for i in range(0, 1400, 35):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(train_x[i : i + 35]), y[i : i + 35])
        loss.backward()
        optimizer.step()
    acc = (model(test_x).argmax(1) == y[1400:]).float().mean()
    print(f"epoch {epoch}, train loss {loss.item():.3f}, test accuracy {acc.item():.3f}")
