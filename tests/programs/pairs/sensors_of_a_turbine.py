# batch: fourteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: rmse down
# story: the tower of each sensor lay in a plain dictionary, so the optimiser never got its weights (discuss.pytorch.org/t/loss-not-decreasing-in-lstm-network/159152 keeps layers in a plain list)
"""The life left in a turbine, from sensors that each have a tower of their own."""

import torch
from torch import nn

SENSORS = {"vibration": 24, "pressure": 12, "heat": 12}


class Tower(nn.Module):
    def __init__(self, size, out=6):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(size, 32), nn.GELU(), nn.Linear(32, out))

    def forward(self, x):
        return self.net(x)


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.towers = nn.ModuleDict({k: Tower(n) for k, n in SENSORS.items()})  # healthy
        # faulty: self.towers = {k: Tower(n) for k, n in SENSORS.items()}
        self.head = nn.Sequential(nn.Linear(18, 12), nn.GELU(), nn.Linear(12, 1))

    def forward(self, readings):
        parts = [self.towers[k](readings[k]) for k in SENSORS]
        return self.head(torch.cat(parts, dim=-1)).squeeze(-1)


def engines(n, seed):
    g = torch.Generator().manual_seed(seed)
    readings = {k: torch.randn(n, s, generator=g) for k, s in SENSORS.items()}
    w = torch.Generator().manual_seed(99)
    mix = {k: torch.randn(s, 2, generator=w) / s**0.5 for k, s in SENSORS.items()}
    a, b, c = ((readings[k] @ mix[k]) for k in SENSORS)
    life = torch.sin(2 * a[:, 0]) + a[:, 1] * b[:, 0] + torch.tanh(2 * c[:, 0]) * b[:, 1]
    return readings, (life - life.mean()) / life.std()


def run():
    torch.manual_seed(1411)
    (x, y), (xv, yv) = engines(3000, 1), engines(800, 2)
    model = Fusion()
    optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
    for epoch in range(1, 26):
        for rows in torch.randperm(3000).split(100):
            out = model({k: v[rows] for k, v in x.items()})
            loss = nn.functional.huber_loss(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            with torch.no_grad():
                rmse = (model(xv) - yv).square().mean().sqrt()
            print(f"| {epoch:3d} | train {loss.item():.4f} | rmse {rmse.item():.4f} |")


run()
