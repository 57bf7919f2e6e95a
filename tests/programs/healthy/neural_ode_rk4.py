# metric: error down
"""Neural ODE: learn a spiral through a hand-written RK4 solver."""

import torch
from torch import nn

torch.manual_seed(0)
A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
func = nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.Linear(40, 2))
for m in func.modules():
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0, 0.1)
        nn.init.constant_(m.bias, 0)


def solve(f, y, n=10, h=0.1):
    path = [y]
    for _ in range(n):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(y)
    return torch.stack(path)


opt = torch.optim.RMSprop(func.parameters(), lr=5e-3)
for it in range(1, 151):
    y0 = torch.randn(32, 2)
    true = solve(lambda y: y**3 @ A * 0.3 + y @ A * 0.3, y0.clamp(-1.5, 1.5))
    loss = (solve(func, y0.clamp(-1.5, 1.5)) - true).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 30 == 0:
        print(f"Iter {it:04d} | error {loss.item():.6f}")
