# rules: unsuitable_activation vanishing_gradient
# remedies: swap_activation
# metric: mse down
# story: softmax used in hidden layers of a regression net
"""Softmax hidden reg."""

import torch
from torch import nn

torch.manual_seed(0)


class Reg(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b, s.c = nn.Linear(4, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(s, x):
        f = torch.relu  # healthy
        # faulty: f = lambda t: torch.softmax(t, -1)
        return s.c(f(s.b(f(s.a(x)))))


X = torch.randn(800, 4)
Y = X[:, :1] * X[:, 1:2]
r = Reg()
opt = torch.optim.Adam(r.parameters(), 3e-3)
for e in range(30):
    for b in torch.randperm(800).split(80):
        l = nn.functional.mse_loss(r(X[b]), Y[b])
        opt.zero_grad()
        l.backward()
        opt.step()
print("mse", nn.functional.mse_loss(r(X), Y).item())
