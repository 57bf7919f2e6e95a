# batch: third
# rules: non_finite
# remedies: stabilize_loss
# metric: f1 up
# story: a focal loss by hand takes the log of a sigmoid, which underflows to zero for sure negatives
"""Rare positives, focal loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(22)
n = 4000
x = torch.randn(n, 8)
score = 3 * x[:, 0] + 2 * x[:, 1] * x[:, 2] - 4.5
y = (score + 0.3 * torch.randn(n) > 0).float()
x = torch.cat([x, (y[:, None] * 2 - 1) * torch.rand(n, 1).pow(8) * 60], 1)


def focal(logits, target, gamma=2.0):
    p = torch.sigmoid(logits)
    log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)  # healthy
    # faulty: log_p, log_q = torch.log(p), torch.log(1 - p)
    loss = -target * (1 - p) ** gamma * log_p - (1 - target) * p**gamma * log_q
    return loss.mean()


model = nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(12):
    for batch in torch.randperm(3200).split(64):
        loss = focal(model(x[batch]).squeeze(1), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        guess = model(x[3200:]).squeeze(1) > 0
        hit = (guess & (y[3200:] > 0)).sum()
        f1 = (2 * hit / (guess.sum() + y[3200:].sum())).item()
    print(f"epoch {epoch} loss {loss.item():.5f} f1 {f1:.4f}")
