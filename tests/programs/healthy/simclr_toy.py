# metric: knn accuracy up
"""SimCLR on digits: NT-Xent loss, projection head, kNN evaluation."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(d.target)


def augment(x):
    dx, dy = torch.randint(-1, 2, (2,)).tolist()
    return torch.roll(x, (dx, dy), (2, 3)) * (
        0.7 + 0.6 * torch.rand(len(x), 1, 1, 1)
    ) + 0.1 * torch.randn_like(x)


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(1, 16, 3, 1, 1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, 1, 1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.g = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 24))

    def forward(self, x):
        h = self.f(x)
        return h, F.normalize(self.g(h), dim=1)


model = SimCLR()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(120):
    x = X[torch.randint(0, 1400, (64,))]
    z = torch.cat([model(augment(x))[1], model(augment(x))[1]])
    sim = z @ z.T / 0.3
    sim.fill_diagonal_(float("-inf"))
    target = torch.cat([torch.arange(64, 128), torch.arange(0, 64)])
    loss = F.cross_entropy(sim, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        with torch.no_grad():
            a, b = F.normalize(model(X[:1400])[0], dim=1), F.normalize(model(X[1400:])[0], dim=1)
            acc = (y[:1400][(b @ a.T).argmax(1)] == y[1400:]).float().mean().item()
        print(f"step {step + 1} nt-xent {loss.item():.4f} knn accuracy {acc:.4f}")
