# metric: acc up
"""Snn surrogate."""

import torch
from torch import nn

torch.manual_seed(0)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(c, v):
        c.save_for_backward(v)
        return (v > 0).float()

    @staticmethod
    def backward(c, g):
        (v,) = c.saved_tensors
        return g / (1 + 10 * v.abs()) ** 2


i, o = nn.Linear(10, 40), nn.Linear(40, 2)
opt = torch.optim.Adam([*i.parameters(), *o.parameters()], 5e-3)
acc = []
for it in range(150):
    y = torch.randint(0, 2, (32,))
    r = 0.2 + 0.3 * torch.stack([y, 1 - y], 1).float().repeat_interleave(5, 1)
    m = torch.zeros(32, 40)
    out = 0
    for t in range(10):
        m = 0.8 * m + i((torch.rand(32, 10) < r).float())
        s = Spike.apply(m - 1)
        m = m - s
        out = out + o(s)
    l = nn.functional.cross_entropy(out / 10, y)
    opt.zero_grad()
    l.backward()
    opt.step()
    acc.append((out.argmax(1) == y).float().mean().item())
print("acc", sum(acc[-20:]) / 20)
