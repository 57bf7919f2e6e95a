# batch: fourth
# metric: pinball down
"""Three quantiles at once by the pinball loss; heteroscedastic noise, ELU network, non-crossing by softplus."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(26)
x = torch.rand(2000, 1) * 6
y = torch.sin(x) + (0.1 + 0.2 * x) * torch.randn(2000, 1)
taus = torch.tensor([0.1, 0.5, 0.9])


class QuantileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, 40), nn.ELU(), nn.Linear(40, 40), nn.ELU())
        self.low, self.gaps = nn.Linear(40, 1), nn.Linear(40, 2)

    def forward(self, x):
        h = self.trunk((x - 3) / 1.7)
        return torch.cat([self.low(h), F.softplus(self.gaps(h))], 1).cumsum(1)


def pinball(pred, target):
    e = target - pred
    return torch.maximum(taus * e, (taus - 1) * e).mean()


model = QuantileNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(30):
    for b in torch.randperm(1600).split(64):
        optimizer.zero_grad()
        loss = pinball(model(x[b]), y[b])
        loss.backward()
        optimizer.step()
    if epoch % 6 == 5:
        with torch.no_grad():
            out = model(x[1600:])
            cover = (y[1600:] <= out).float().mean(0).tolist()
            print(
                f"epoch {epoch} pinball {pinball(out, y[1600:]).item():.4f} coverage {[round(c, 2) for c in cover]}"
            )
