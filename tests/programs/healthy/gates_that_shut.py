# batch: fourteenth
# metric: accuracy up
"""Which of two hundred markers matter: hard concrete gates, most of which close while it trains."""

import math

import torch
from torch import nn

torch.manual_seed(1452)


class Gates(nn.Module):
    def __init__(self, n, beta=0.66, low=-0.1, high=1.1):
        super().__init__()
        self.log_alpha = nn.Parameter(torch.full((n,), 1.0))
        self.beta, self.low, self.high = beta, low, high

    def forward(self, x):
        if self.training:
            u = torch.rand_like(self.log_alpha).clamp(1e-6, 1 - 1e-6)
            s = torch.sigmoid((u.log() - (-u).log1p() + self.log_alpha) / self.beta)
        else:
            s = torch.sigmoid(self.log_alpha)
        return x * (s * (self.high - self.low) + self.low).clamp(0, 1)

    def open(self):
        return torch.sigmoid(self.log_alpha - self.beta * math.log(-self.low / self.high))


def patients(n):
    x = torch.randn(n, 200)
    risk = x[:, 3] * x[:, 50] + 1.5 * x[:, 120] - x[:, 7].abs() + 0.8
    return x, (risk + 0.3 * torch.randn(n) > 0).float()


gates = Gates(200)
body = nn.Sequential(nn.Linear(200, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam([
    {"params": gates.parameters(), "lr": 2e-2},
    {"params": body.parameters(), "lr": 1e-3, "weight_decay": 1e-5},
])  # fmt: skip
x, y = patients(4000)
xt, yt = patients(1000)
for epoch in range(1, 31):
    gates.train()
    for rows in torch.randperm(4000).split(100):
        out = body(gates(x[rows])).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(out, y[rows])
        loss = loss + 2e-3 * gates.open().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        gates.eval()
        with torch.no_grad():
            right = ((body(gates(xt)).squeeze(1) > 0) == (yt > 0)).float().mean().item()
        print(f"epoch {epoch} open {gates.open().sum().item():.1f} accuracy {right:.4f}")
