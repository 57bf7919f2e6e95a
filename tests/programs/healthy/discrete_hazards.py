# batch: tenth
# metric: test nll down
"""Survival in ten intervals: a sigmoid an interval, likelihood of conditional hazards."""

import torch
from torch import nn

torch.manual_seed(1039)
N, BINS = 3000, 10
x = torch.randn(N, 5)
rate = torch.exp(0.8 * x[:, 0] - 0.5 * x[:, 1] * x[:, 2])
event = torch.distributions.Exponential(rate).sample()
leave = torch.distributions.Exponential(torch.full((N,), 0.5)).sample()
seen = (event <= leave).float()
edges = torch.tensor([0.05, 0.12, 0.22, 0.35, 0.5, 0.7, 1.0, 1.5, 2.5])
slot = torch.bucketize(torch.minimum(event, leave), edges)
alive = (torch.arange(BINS) < slot[:, None]).float()
here = nn.functional.one_hot(slot, BINS).float()


class Hazard(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(5, 32), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(32, BINS)
        )
        nn.init.constant_(self.layers[-1].bias, -2.0)

    def forward(self, x):
        return torch.sigmoid(self.layers(x))


def nll(h, rows):
    h = h.clamp(1e-6, 1 - 1e-6)
    survived = (alive[rows] * torch.log1p(-h)).sum(1)
    ended = (here[rows] * torch.where(seen[rows, None] > 0, h.log(), torch.log1p(-h) * 0.5)).sum(1)
    return -(survived + ended).mean()


model = Hazard()
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
test = torch.arange(2500, N)
for epoch in range(20):
    model.train()
    for rows in torch.randperm(2500).split(100):
        loss = nll(model(x[rows]), rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(
            f"epoch {epoch:2d} train {loss.item():.4f} test nll {nll(model(x[test]), test).item():.4f}"
        )
