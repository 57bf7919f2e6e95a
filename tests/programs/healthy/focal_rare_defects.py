# batch: fourth
# metric: average precision up
"""One defect in forty parts: focal loss, a low prior in the last bias, dense layers with batch norm."""

import math

import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score

torch.manual_seed(18)
X = torch.randn(6000, 20)
risk = 1.5 * X[:, 0] * X[:, 1] + X[:, 2].abs() + X[:, 3]
y = (risk > torch.quantile(risk, 0.975)).float()


class FocalLoss(nn.Module):
    def __init__(self, alpha=0.25, gamma=2.0):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, logits, target):
        ce = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        p = torch.sigmoid(logits)
        pt = p * target + (1 - p) * (1 - target)
        at = self.alpha * target + (1 - self.alpha) * (1 - target)
        return (at * (1 - pt) ** self.gamma * ce).mean()


model = nn.Sequential(
    nn.Linear(20, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 32),
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
nn.init.constant_(model[-1].bias, -math.log((1 - 0.025) / 0.025))
opt = torch.optim.AdamW(model.parameters(), lr=4e-3)
focal = FocalLoss()
for epoch in range(14):
    model.train()
    for b in torch.randperm(4500).split(100):
        loss = focal(model(X[b]).squeeze(1), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        ap = average_precision_score(y[4500:].numpy(), model(X[4500:]).squeeze(1).numpy())
    if epoch % 3 == 1:
        print(f"epoch {epoch} focal {loss.item():.6f} average precision {ap:.4f}")
