# batch: eighth
# metric: probe up
"""VICReg: invariance, variance and covariance terms; a linear probe at the end of each stage."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(852)
d = load_digits()
x, y = torch.tensor(d.images / 16).float(), torch.tensor(d.target)
encoder = nn.Sequential(
    nn.Flatten(), nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64)
)
expander = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128))
opt = torch.optim.AdamW([*encoder.parameters(), *expander.parameters()], lr=2e-3, weight_decay=1e-4)


def view(b):
    s = torch.randint(-1, 2, (2,)).tolist()
    return torch.roll(b, s, (1, 2)) + 0.15 * torch.randn_like(b)


def off_diagonal(c):
    return c.pow(2).sum() - c.diagonal().pow(2).sum()


for epoch in range(6):
    for rows in torch.randperm(1400).split(100):
        a, b = expander(encoder(view(x[rows]))), expander(encoder(view(x[rows])))
        inv = F.mse_loss(a, b)
        var = sum(F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() for z in (a, b))
        a0, b0 = a - a.mean(0), b - b.mean(0)
        cov = (off_diagonal(a0.T @ a0 / 99) + off_diagonal(b0.T @ b0 / 99)) / 128
        loss = 25 * inv + 25 * var + cov
        opt.zero_grad()
        loss.backward()
        opt.step()
    encoder.eval()
    with torch.no_grad():
        h = encoder(x)
    encoder.train()
    head = nn.Linear(64, 10)
    oh = torch.optim.Adam(head.parameters(), lr=0.02)
    for _ in range(60):
        probe = F.cross_entropy(head(h[:1400]), y[:1400])
        oh.zero_grad()
        probe.backward()
        oh.step()
    print(
        "epoch",
        epoch,
        "loss",
        loss.item(),
        "probe",
        (head(h[1400:]).argmax(1) == y[1400:]).float().mean().item(),
    )
