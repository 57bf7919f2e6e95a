# batch: sixth
# in view: without the batch normalisation four fifths of a layer died, as the tool said
# metric: probe accuracy up
"""Momentum contrast: a queue of negatives, a key encoder that only follows, then a linear probe."""

import copy

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(65)
d = load_digits()
X, Y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)


def augment(x):
    x = F.pad(x, (1, 1, 1, 1))
    i, j = torch.randint(0, 3, (2,)).tolist()
    x = x[..., i : i + 8, j : j + 8]
    return (x * (0.7 + 0.6 * torch.rand(len(x), 1, 1, 1)) + 0.1 * torch.randn_like(x)).clamp(0, 1)


encoder = nn.Sequential(
    nn.Conv2d(1, 16, 3),
    nn.ReLU(),
    nn.Conv2d(16, 32, 3),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(512, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 32),
)
follower = copy.deepcopy(encoder)
for p in follower.parameters():
    p.requires_grad_(False)
queue = F.normalize(torch.randn(512, 32), dim=1)
opt = torch.optim.Adam(encoder.parameters(), lr=1e-3)
for step in range(200):
    x = X[torch.randint(0, 1400, (64,))]
    q = F.normalize(encoder(augment(x)), dim=1)
    with torch.no_grad():
        for a, b in zip(follower.parameters(), encoder.parameters()):
            a.mul_(0.98).add_(b, alpha=0.02)
        k = F.normalize(follower(augment(x)), dim=1)
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], 1) / 0.1
    loss = F.cross_entropy(logits, torch.zeros(64, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()
    queue = torch.cat([k, queue])[:512]
    if step % 50 == 49:
        print("step", step + 1, "nce", loss.item())
with torch.no_grad():
    feats = F.normalize(encoder[:-2](X), dim=1)
probe = nn.Linear(64, 10)
opt = torch.optim.Adam(probe.parameters(), lr=0.05)
for step in range(150):
    loss = F.cross_entropy(probe(feats[:1400]), Y[:1400])
    opt.zero_grad()
    loss.backward()
    opt.step()
print("probe accuracy", (probe(feats[1400:]).argmax(1) == Y[1400:]).float().mean().item())
