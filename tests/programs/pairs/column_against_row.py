# batch: sixth
# rules: none
# remedies: stabilize_loss
# metric: test mse down
# story: predictions (N, 1) against targets (N,): the difference is (N, N), and the best answer to it is the mean
"""Regress disease progression."""

import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes

torch.manual_seed(53)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(X / X.std(0)).float()
y = torch.tensor((y - y.mean()) / y.std()).float()


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = torch.tanh(self.hidden(x))
        x = self.out(x)
        return x.squeeze(-1)  # healthy
        # faulty: return x


model = Regressor()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(60):
    for rows in torch.randperm(350).split(32):
        pred = model(X[rows])
        loss = ((pred - y[rows]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 20 == 19:
        print("epoch", epoch + 1, "train", loss.item())
with torch.no_grad():
    print("test mse", ((model(X[350:]).flatten() - y[350:]) ** 2).mean().item())
