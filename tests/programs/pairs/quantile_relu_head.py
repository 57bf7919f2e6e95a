# batch: second
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: pinball down
# story: the regressor's block ends in its activation, and the returns to predict are negative half the time
"""Quantile regression of daily returns: 10 %, 50 %, 90 %."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N = 3000
X = torch.randn(N, 6)
scale = 0.3 + torch.sigmoid(X[:, 1]) * 1.2
y = torch.sin(2 * X[:, 0]) + 0.5 * X[:, 2] * X[:, 3] + scale * torch.randn(N)
q = torch.tensor([0.1, 0.5, 0.9])


class QuantileNet(nn.Module):
    def __init__(self, n_in, n_q):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, 64), nn.ReLU(),
            nn.Linear(64, 64), nn.ReLU(),
            nn.Linear(64, n_q),  # healthy
            # faulty: nn.Linear(64, n_q), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x)


def pinball(pred, target):
    err = target[:, None] - pred
    return torch.maximum(q * err, (q - 1) * err).mean()


loader = DataLoader(TensorDataset(X[:2400], y[:2400]), batch_size=64, shuffle=True)
model = QuantileNet(6, 3)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        pinball(model(xb), yb).backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        test = pinball(model(X[2400:]), y[2400:])
    print(f"epoch {epoch:2d}  pinball {test:.4f}")
