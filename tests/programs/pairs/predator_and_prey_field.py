# batch: thirteenth
# in view: a signal beyond all numbers in the first pass counts as too large
# rules: poor_initialization exploding_gradient non_finite
# remedies: reinitialize clip_gradients insert_normalization lower_learning_rate
# metric: rollout error down
# story: the field of a neural differential equation began from the plain normal, so that states grew without end along the unrolled path (a common complaint of unrolled solvers; no single report is its source)
"""A neural differential equation with a Runge-Kutta step written out: animals and their hunters."""

import torch
import torch.nn as nn

torch.manual_seed(1318)
DT, STEPS = 0.1, 25


def animals(x):
    prey, hunters = x[..., 0].exp(), x[..., 1].exp()
    return torch.stack([1.1 - 0.8 * hunters, 0.8 * prey - 0.9], -1)


def rk4(f, x, n):
    path = [x]
    for _ in range(n):
        k1 = f(x)
        k2 = f(x + DT / 2 * k1)
        k3 = f(x + DT / 2 * k2)
        k4 = f(x + DT * k3)
        x = x + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(x)
    return torch.stack(path, 1)


class Field(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, width), nn.ELU(), nn.Linear(width, width), nn.ELU(), nn.Linear(width, 2)
        )
        for m in self.net:
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0.0, 0.1)  # healthy
                # faulty: nn.init.normal_(m.weight, 0.0, 1.0)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.net(x)


starts = 0.6 * torch.randn(200, 2)
with torch.no_grad():
    truth = rk4(animals, starts, STEPS)
train, held = truth[:150], truth[150:]
field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=5e-3)
for step in range(1, 201):
    rows = train[torch.randint(0, 150, (32,))]
    loss = (rk4(field, rows[:, 0], STEPS) - rows).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        with torch.no_grad():
            error = (rk4(field, held[:, 0], STEPS) - held).pow(2).mean().sqrt()
        print(f"step {step} loss {loss.item():.5g} rollout error {error.item():.5g}")
