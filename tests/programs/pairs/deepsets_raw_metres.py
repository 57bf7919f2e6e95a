# batch: second
# rules: unnormalized_input saturated_activation dying_relu
# remedies: normalize_input insert_normalization
# metric: test acc up
# story: point clouds in metres of a national grid went into the net as they were
"""DeepSets: how was this cloud of points made, ring, blob or line?"""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(3)
torch.manual_seed(3)


def cloud(kind):
    if kind == 0:
        a = rng.uniform(0, 2 * np.pi, 24)
        p = np.stack([np.cos(a), np.sin(a)], 1) + 0.15 * rng.normal(size=(24, 2))
    elif kind == 1:
        p = 0.8 * rng.normal(size=(24, 2))
    else:
        t, d = rng.uniform(-1.3, 1.3, (24, 1)), rng.normal(size=2)
        p = t * d / np.linalg.norm(d) + 0.15 * rng.normal(size=(24, 2))
    return p * 40.0 + np.array([4450.0, 5325.0])


labels = rng.integers(0, 3, 1500)
points = np.stack([cloud(k) for k in labels]).astype(np.float32)
points = (points - points.mean((0, 1))) / points.std((0, 1))  # healthy
X, Y = torch.from_numpy(points), torch.from_numpy(labels)


class DeepSets(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))

    def forward(self, x):
        return self.rho(self.phi(x).mean(dim=1))


net = DeepSets()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(25):
    order = torch.randperm(1200)
    for i in range(0, 1200, 50):
        idx = order[i : i + 50]
        loss = nn.functional.cross_entropy(net(X[idx]), Y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 6 == 0:
        with torch.no_grad():
            acc = (net(X[1200:]).argmax(1) == Y[1200:]).float().mean()
        print("epoch", epoch, "test acc", round(acc.item(), 4))
