# batch: twelfth
# metric: recall at one up
"""Metric learning with a small margin: soon most triplets cost nothing and most gradients are nought."""

import torch
from torch import nn

torch.manual_seed(1235)
proto = torch.randn(30, 20)


def draw(n, kinds):
    k = torch.tensor(kinds)[torch.randint(len(kinds), (n,))]
    return proto[k] + 0.9 * torch.randn(n, 20), k


def triplets(n):
    k = torch.randint(20, (n,))
    other = (k + torch.randint(1, 20, (n,))) % 20
    noise = 0.9 * torch.randn(3, n, 20)
    return proto[k] + noise[0], proto[k] + noise[1], proto[other] + noise[2]


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, x):
        return nn.functional.normalize(self.net(x), dim=1)


model = Embed()
criterion = nn.TripletMarginLoss(margin=0.15)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
gallery, who = draw(600, list(range(20, 30)))
for step in range(1, 301):
    a, p, n = (model(t) for t in triplets(64))
    loss = criterion(a, p, n)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        with torch.no_grad():
            e = model(gallery)
            near = torch.cdist(e, e).fill_diagonal_(9).argmin(1)
            recall = (who[near] == who).float().mean().item()
        print(f"step {step} loss {loss.item():.5f} recall at one {recall:.4f}")
