# batch: fourteenth
# metric: val mse down
"""A network that is convex in its input: weights after the first layer are held at nought or more."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1451)


class Convex(nn.Module):
    def __init__(self, inputs=5, width=64):
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.through = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, 1)])
        self.skips = nn.ModuleList(nn.Linear(inputs, w, bias=False) for w in (width, 1))
        for layer in self.through:
            nn.init.uniform_(layer.weight, 0, 2 / layer.in_features)

    def forward(self, x):
        z = F.relu(self.first(x))
        z = F.relu(self.through[0](z) + self.skips[0](x))
        return (self.through[1](z) + self.skips[1](x)).squeeze(1)

    @torch.no_grad()
    def project(self):
        for layer in self.through:
            layer.weight.clamp_(min=0)


def cost(n):
    x = torch.randn(n, 5)
    a = x[:, 0] + 2 * x[:, 1] - x[:, 2]
    return x, a.abs() + 0.5 * x[:, 3].square() + torch.logsumexp(x, 1) - 3


net = Convex()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
x, y = cost(3000)
xv, yv = cost(800)
for epoch in range(1, 21):
    for rows in torch.randperm(3000).split(64):
        loss = F.mse_loss(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net.project()
    if epoch % 4 == 0:
        with torch.no_grad():
            val = F.mse_loss(net(xv), yv).item()
        print(f"epoch {epoch} loss {loss.item():.4f} val mse {val:.4f}")
