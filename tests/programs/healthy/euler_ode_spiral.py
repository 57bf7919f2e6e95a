# batch: second
# metric: rollout error down
"""Neural ODE, fixed-step Euler, the field's last layer starts at zero: fit a damped spiral."""

import torch
import torch.nn as nn

torch.manual_seed(2)
A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
DT, STEPS = 0.05, 20


def simulate(x0, n):
    xs = [x0]
    for _ in range(n * 4):
        x = xs[-1]
        xs.append(x + DT / 4 * (x**3) @ A.T)
    return torch.stack(xs[::4])


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(2, 48), nn.Linear(48, 48), nn.Linear(48, 2)
        nn.init.zeros_(self.c.weight)
        nn.init.zeros_(self.c.bias)

    def forward(self, x):
        return self.c(nn.functional.softplus(self.b(torch.tanh(self.a(x)))))


field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
test0 = torch.tensor([[2.0, 0.0], [0.0, 1.5], [-1.2, 1.0]])
for it in range(250):
    x0 = torch.randn(24, 2) * 1.2
    x0 = x0.clamp(-2, 2)
    truth = simulate(x0, STEPS)
    x, loss = x0, 0.0
    for k in range(1, STEPS + 1):
        x = x + DT * field(x)
        loss = loss + (x - truth[k]).abs().mean() / STEPS
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if it % 50 == 49:
        with torch.no_grad():
            x = test0
            for _ in range(STEPS):
                x = x + DT * field(x)
            err = (x - simulate(test0, STEPS)[-1]).abs().mean()
        print(f"iter {it + 1:04d} | loss {loss.item():.4f} | rollout error {err.item():.4f}")
