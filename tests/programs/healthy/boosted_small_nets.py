# batch: sixth
# metric: val mse down
"""GrowNet-like boosting: each small net fits what the frozen sum of the earlier ones leaves."""

import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(79)
X, t = load_diabetes(return_X_y=True)
X = torch.tensor(X * 21).float()
t = torch.tensor((t - t.mean()) / t.std()).float().unsqueeze(1)
ensemble = []


def predict(x):
    out = torch.zeros(len(x), 1)
    for net in ensemble:
        out = out + 0.3 * net(x)
    return out


for stage in range(8):
    weak = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        residual = t[:350] - predict(X[:350])
    opt = torch.optim.Adam(weak.parameters(), lr=0.01)
    for epoch in range(8):
        for rows in torch.randperm(350).split(32):
            loss = (weak(X[rows]) - residual[rows]).square().mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    for p in weak.parameters():
        p.requires_grad_(False)
    ensemble.append(weak)
    print("stage", stage, "val mse", (predict(X[350:]) - t[350:]).square().mean().item())
