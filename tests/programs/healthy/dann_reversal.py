# metric: acc up
"""Dann reversal."""

import torch
from torch import nn

torch.manual_seed(0)


class Rev(torch.autograd.Function):
    @staticmethod
    def forward(c, x, a):
        c.a = a
        return x.view_as(x)

    @staticmethod
    def backward(c, g):
        return -c.a * g, None


f = nn.Sequential(nn.Linear(4, 32), nn.ReLU())
y_ = nn.Linear(32, 2)
d_ = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam([*f.parameters(), *y_.parameters(), *d_.parameters()], 2e-3)
for i in range(250):
    s = torch.randn(64, 4)
    t = torch.randn(64, 4) + torch.tensor([0, 0, 2.0, 0])
    ys = (s[:, 0] + s[:, 1] > 0).long()
    h = f(torch.cat([s, t]))
    l = nn.functional.cross_entropy(y_(h[:64]), ys) + nn.functional.cross_entropy(
        d_(Rev.apply(h, 0.3)), torch.arange(2).repeat_interleave(64)
    )
    opt.zero_grad()
    l.backward()
    opt.step()
t = torch.randn(500, 4) + torch.tensor([0, 0, 2.0, 0])
print("acc", (y_(f(t)).argmax(1) == (t[:, 0] + t[:, 1] > 0)).float().mean().item())
