# batch: ninth
# in view: a linear network that is applied to its own results
# rules: missing_activation
# remedies: add_activation
# metric: rollout error down
# story: a neural ODE of an oscillator whose right-hand side is two matrices in a row: it can only spiral
"""Learn the field of a Van der Pol oscillator through a Runge-Kutta integrator."""

import torch
from torch import nn

torch.manual_seed(904)


def vdp(s):
    x, v = s[..., 0], s[..., 1]
    return torch.stack([v, 1.5 * (1 - x * x) * v - x], -1)


def rk4(f, s, h):
    a = f(s)
    b = f(s + h / 2 * a)
    c = f(s + h / 2 * b)
    d = f(s + h * c)
    return s + h / 6 * (a + 2 * b + 2 * c + d)


def roll(f, s, n, h=0.1):
    path = [s]
    for _ in range(n):
        path.append(rk4(f, path[-1], h))
    return torch.stack(path, 1)


with torch.no_grad():
    starts = torch.rand(600, 2) * 4 - 2
    paths = roll(vdp, starts, 8)


class Field(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.inner = nn.Linear(2, hidden)
        self.outer = nn.Linear(hidden, 2)

    def forward(self, s):
        h = self.inner(s)
        h = torch.tanh(h)  # healthy
        return self.outer(h)


field = Field()
opt = torch.optim.Adam(field.parameters(), lr=1e-2)
for it in range(400):
    pick = torch.randint(0, 500, (64,))
    loss = (roll(field, starts[pick], 8) - paths[pick]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 80 == 79:
        with torch.no_grad():
            error = (roll(field, starts[500:], 8) - paths[500:]).abs().mean()
        print("iteration", it + 1, "rollout error", f"{error.item():.4f}")
