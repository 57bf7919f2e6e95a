# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test mse down
# story: hidden layers kept in a plain Python list, so model.parameters() does not know them
"""Deep regression with a variable number of layers."""

import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1


class Regressor(nn.Module):
    def __init__(self, n_in, widths):
        super().__init__()
        layers = []
        for w in widths:
            layers.append(nn.Linear(n_in, w))
            n_in = w
        self.hidden = nn.ModuleList(layers)  # healthy
        # faulty: self.hidden = layers
        self.out = nn.Linear(n_in, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = nn.functional.silu(layer(x))
        return self.out(x).squeeze(-1)


torch.manual_seed(0)
X, y = make_friedman1(1500, n_features=5, noise=0.5, random_state=0)
X = torch.tensor(X * 2 - 1, dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)
model = Regressor(5, [32, 32])
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(15):
    perm = torch.randperm(1200)
    for i in range(0, 1200, 40):
        j = perm[i : i + 40]
        loss = ((model(X[j]) - y[j]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    print("train mse %.4f" % ((model(X[:1200]) - y[:1200]) ** 2).mean())
    print("test mse %.4f" % ((model(X[1200:]) - y[1200:]) ** 2).mean())
