# batch: twelfth
# metric: average precision up
"""Fraud in a table: one case in three hundred, weighted three-hundredfold, losses that jump."""

import torch
from sklearn.metrics import average_precision_score
from torch import nn

torch.manual_seed(1231)
n = 24000
x = torch.randn(n, 12)
score = x[:, 0] * x[:, 1] + x[:, 2].abs() + 0.7 * x[:, 3] + 0.3 * torch.randn(n)
y = (score > score.quantile(1 - 1 / 300)).float()
train, test = slice(0, 18000), slice(18000, n)

net = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
with torch.no_grad():
    net[-1].bias.fill_(-5.7)
criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(300.0))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(8):
    for i in torch.randperm(18000).split(128):
        loss = criterion(net(x[train][i]).squeeze(1), y[train][i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        ap = average_precision_score(y[test], net(x[test]).squeeze(1))
    print(f"epoch {epoch} last loss {loss.item():.4f} average precision {ap:.4f}")
