# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: test mse down
# story: weights of a deep tanh network drawn from N(0, 0.01), as in papers of old
"""Friedman regression with a deep tanh MLP."""

import torch
from sklearn.datasets import make_friedman1
from torch import nn

torch.manual_seed(11)
X, t = make_friedman1(1000, n_features=8, noise=0.3, random_state=4)
X = torch.tensor(2 * X - 1, dtype=torch.float32)
t = torch.tensor((t - t.mean()) / t.std(), dtype=torch.float32)[:, None]


class DeepTanh(nn.Module):
    def __init__(self, depth=7, width=40):
        super().__init__()
        sizes = [8] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(width, 1)
        for layer in self.hidden:
            nn.init.xavier_normal_(layer.weight)  # healthy
            # faulty: nn.init.normal_(layer.weight, 0.0, 0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)


model = DeepTanh()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
for step in range(400):
    index = torch.randint(0, 800, (32,))
    loss = (model(X[index]) - t[index]).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        with torch.no_grad():
            mse = (model(X[800:]) - t[800:]).pow(2).mean().item()
        print(f"step {step + 1} train mse {loss.item():.4f} test mse {mse:.4f}")
