# batch: twelfth
# metric: gap between groups down
"""Fair scores: the weight of a penalty grows tenfold, so that the loss rises while the model gets better at its task."""

import torch
from torch import nn

torch.manual_seed(1237)
n = 6000
group = (torch.rand(n) < 0.4).float()
x = torch.randn(n, 8)
x[:, 0] += 1.2 * group
merit = x[:, 1] + 0.8 * x[:, 2] * x[:, 3]
y = (merit + 0.9 * group + 0.5 * torch.randn(n) > 0.3).float()
model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(10):
    weight = 0.5 * 10 ** (epoch / 9)
    for i in torch.randperm(5000).split(100):
        logit = model(x[i]).squeeze(1)
        p = torch.sigmoid(logit)
        g = group[i]
        gap = (p * g).sum() / g.sum() - (p * (1 - g)).sum() / (1 - g).sum()
        loss = nn.functional.binary_cross_entropy_with_logits(logit, y[i]) + weight * gap.abs()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        p, g = torch.sigmoid(model(x[5000:]).squeeze(1)), group[5000:]
        apart = (p[g == 1].mean() - p[g == 0].mean()).abs().item()
        acc = ((p > 0.5).float() == y[5000:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f} gap between groups {apart:.4f}")
