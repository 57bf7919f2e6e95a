# batch: seventh
# metric: probe accuracy up
"""Supervised contrastive pre-training of an encoder, then a linear probe on it, frozen."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(14)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16
Y = torch.tensor(d.target)
encoder = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
)  # fmt: skip
projector = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32))
opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=2e-3)


def augment(x):
    return torch.roll(
        x, tuple(torch.randint(-1, 2, (2,)).tolist()), (2, 3)
    ) + 0.1 * torch.randn_like(x)


for epoch in range(5):
    for b in torch.randperm(1400).split(70):
        x, y = torch.cat([augment(X[b]), augment(X[b])]), Y[b].repeat(2)
        z = F.normalize(projector(encoder(x)), dim=1)
        sim = z @ z.T / 0.1
        eye = torch.eye(len(y), dtype=torch.bool)
        same = (y[:, None] == y[None]) & ~eye
        logp = sim - torch.logsumexp(sim.masked_fill(eye, -1e9), 1, keepdim=True)
        loss = -(logp * same).sum(1).div(same.sum(1)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
encoder.eval()
with torch.no_grad():
    F_all = encoder(X)
probe = nn.Linear(128, 10)
opt = torch.optim.SGD(probe.parameters(), lr=0.5, momentum=0.9)
for epoch in range(10):
    for b in torch.randperm(1400).split(70):
        loss = F.cross_entropy(probe(F_all[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
acc = (probe(F_all[1400:]).argmax(1) == Y[1400:]).float().mean().item()
print(f"probe loss {loss.item():.4f} probe accuracy {acc:.4f}")
