# batch: eleventh
# rules: non_finite
# remedies: stabilize_loss
# metric: probe accuracy up
# story: similarities over a temperature of 0.01 went through exp before they were summed, which overflows as soon as two views agree (the loss of SimCLR written out by hand; google-research/simclr issue 142 asks which temperature to take)
"""Contrast two noisy views of each curve, then a linear probe."""

import torch
from torch import nn

torch.manual_seed(1111)
CLASSES, LENGTH = 6, 64


def curves(n):
    y = torch.randint(0, CLASSES, (n,))
    t = torch.linspace(0, 1, LENGTH)
    shape = torch.sin(6.28 * (y + 1).view(-1, 1) * t) + (t > 0.3 + 0.1 * y.view(-1, 1)).float()
    return shape, y


def view(x):
    scale = 0.6 + 0.8 * torch.rand(len(x), 1)
    x = x * scale + 0.3 * torch.randn_like(x)
    return torch.stack([row.roll(s) for row, s in zip(x, torch.randint(-3, 4, (len(x),)).tolist())])


def agreement(a, b, temperature=0.01):
    z = nn.functional.normalize(torch.cat([a, b]), dim=1)
    sim = z @ z.T / temperature
    n = len(a)
    partner = torch.arange(2 * n).roll(n)
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e4)
    return nn.functional.cross_entropy(sim, partner)  # healthy
    # faulty: e = torch.exp(sim)
    # faulty: return -torch.log(e[torch.arange(2 * n), partner] / e.sum(1)).mean()


encoder = nn.Sequential(
    nn.Linear(LENGTH, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU()
)
projector = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
optimizer = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=1e-3)
for step in range(1, 251):
    x, _ = curves(96)
    loss = agreement(projector(encoder(view(x))), projector(encoder(view(x))))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step} contrastive loss {loss.item():.4f}")

encoder.eval()
probe = nn.Linear(64, CLASSES)
optimizer = torch.optim.Adam(probe.parameters(), lr=1e-2)
for _ in range(100):
    x, y = curves(200)
    with torch.no_grad():
        h = encoder(view(x))
    loss = nn.functional.cross_entropy(probe(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
x, y = curves(1000)
with torch.no_grad():
    acc = (probe(encoder(view(x))).argmax(1) == y).float().mean()
print(f"probe accuracy {acc.item():.4f}")
