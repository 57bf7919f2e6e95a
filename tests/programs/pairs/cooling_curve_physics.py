# batch: tenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: relative error down
# story: a physics-informed network for a cooling part; its only input is the time in seconds, from nought to two hours
"""Fit a cooling law and its solution at once: T' = -k (T - 20)."""

import torch
import torch.nn as nn

torch.manual_seed(1005)
K_TRUE, T0, ROOM, END = 0.001, 180.0, 20.0, 7200.0


class Curve(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.body = nn.Sequential(
            nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
        )
        self.log_k = nn.Parameter(torch.tensor(-6.0))

    def forward(self, t):
        return self.body(t / self.scale)


def true(t):
    return ROOM + (T0 - ROOM) * torch.exp(-K_TRUE * t)


when = torch.rand(30, 1) * END / 2
seen = (true(when) - ROOM) / (T0 - ROOM) + 0.005 * torch.randn(30, 1)
net = Curve(scale=END)  # healthy
# faulty: net = Curve(scale=1.0)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
grid = torch.linspace(0, END, 200).unsqueeze(1)
for it in range(1, 2001):
    t = (torch.rand(64, 1) * END).requires_grad_()
    u = net(t)
    (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
    residual = (slope + net.log_k.exp() * u) * 500
    data = (net(when) - seen).pow(2).mean()
    loss = data + 0.1 * residual.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 200 == 0:
        with torch.no_grad():
            told = ROOM + (T0 - ROOM) * net(grid)
            err = ((told - true(grid)).norm() / (true(grid) - ROOM).norm()).item()
        print(
            f"iteration {it}: loss {loss.item():.5f} k {net.log_k.exp().item():.5f} relative error {err:.5f}"
        )
