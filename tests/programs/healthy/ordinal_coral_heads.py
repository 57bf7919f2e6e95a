# batch: fourth
# metric: mae down
"""Ordinal regression as CORAL: one score, ordered thresholds, a sum of binary losses."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(15)
X = torch.randn(1500, 8)
w = torch.randn(8)
latent = X @ w + 0.8 * torch.relu(X[:, 0] * X[:, 1]) + 0.3 * torch.randn(1500)
levels = torch.bucketize(latent, torch.quantile(latent, torch.tensor([0.2, 0.4, 0.6, 0.8])))
K = 5


class Coral(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.score = nn.Linear(16, 1, bias=False)
        self.thresholds = nn.Parameter(torch.linspace(1, -1, K - 1))

    def forward(self, x):
        return self.score(self.features(x)) + self.thresholds


model = Coral()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
target = (levels[:, None] > torch.arange(K - 1)).float()
for epoch in range(35):
    for b in torch.randperm(1200).split(40):
        loss = (
            F.binary_cross_entropy_with_logits(model(X[b]), target[b], reduction="none")
            .sum(1)
            .mean()
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 7 == 6:
        with torch.no_grad():
            predicted = (model(X[1200:]) > 0).sum(1)
        print(
            f"epoch {epoch} loss {loss.item():.3f} mae {(predicted - levels[1200:]).abs().float().mean().item():.4f}"
        )
