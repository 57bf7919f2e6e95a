# batch: eighth
# rules: non_finite
# remedies: stabilize_loss
# metric: divergence down
# story: KL divergence from its formula, p * log(p / q): targets hold zeros, and zero times minus infinity is NaN
"""Predict the shares of five land uses from twelve bands."""

import torch
import torch.nn as nn

torch.manual_seed(821)
bands = torch.randn(2000, 12)
raw = (bands @ torch.randn(12, 5)).relu()
raw = raw + 0.05 * (raw.sum(1, keepdim=True) == 0)
shares = raw / raw.sum(1, keepdim=True)


class Shares(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5)
        )

    def forward(self, x):
        return torch.softmax(self.body(x), dim=1)


def kl(p, q):
    return (torch.special.xlogy(p, p) - p * torch.log(q)).sum(1).mean()  # healthy
    # faulty: return (p * torch.log(p / q)).sum(1).mean()


model = Shares()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(10):
    for idx in torch.randperm(1600).split(32):
        optimizer.zero_grad()
        loss = kl(shares[idx], model(bands[idx]))
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "divergence",
            torch.special.xlogy(shares[1600:], shares[1600:] / model(bands[1600:]))
            .sum(1)
            .mean()
            .item(),
        )
