# rules: dying_relu learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients insert_normalization
# metric: r2 up
# story: prices in thousands as targets: the first huge errors kill the units
"""Price regression."""

import torch
from sklearn.datasets import make_friedman2
from torch import nn

torch.manual_seed(0)
X, price = make_friedman2(1500, noise=20.0, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
price = torch.tensor(price, dtype=torch.float32).unsqueeze(1)
target = (price - price.mean()) / price.std()  # healthy
# faulty: target = price
model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9)
for epoch in range(10):
    for b in torch.randperm(1200).split(30):
        loss = nn.functional.mse_loss(model(X[b]), target[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        err = (model(X[1200:]) - target[1200:]).var() / target[1200:].var()
    print(f"epoch {epoch} loss {loss.item():.4f} r2 {1 - err.item():.4f}")
