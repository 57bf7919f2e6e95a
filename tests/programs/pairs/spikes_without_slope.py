# batch: ninth
# rules: unsuitable_activation frozen_parameters vanishing_gradient
# remedies: swap_activation
# metric: accuracy up
# story: a spiking net built from tutorials: spikes are (v > 1).float(), and the surrogate gradient was left out; only the read-out learns
"""Leaky integrate-and-fire layers on digits, the image shown for ten time steps."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Fire(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v > 0).float()

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad / (1 + 5 * v.abs()) ** 2


class LIF(nn.Module):
    def __init__(self, n_in, n, decay=0.8):
        super().__init__()
        self.syn, self.decay = nn.Linear(n_in, n), decay

    def forward(self, x, v):
        v = self.decay * v + self.syn(x)
        s = Fire.apply(v - 0.3)  # healthy
        # faulty: s = (v > 0.3).float()
        return s, v * (1 - s.detach())


class Net(nn.Module):
    def __init__(self, h=20):
        super().__init__()
        self.one, self.two, self.read = LIF(64, h), LIF(h, h), nn.Linear(h, 10)
        self.h = h

    def forward(self, x, steps=10):
        v1 = v2 = torch.zeros(len(x), self.h)
        total = 0
        for _ in range(steps):
            s, v1 = self.one(x, v1)
            s, v2 = self.two(s, v2)
            total = total + self.read(s)
        return total / steps


torch.manual_seed(916)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x).float() / 16, torch.tensor(y)
mix = torch.randperm(len(x))
x, y = x[mix], y[mix]
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(8):
    for idx in torch.randperm(1300).split(50):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[idx]), y[idx]).backward()
        opt.step()
    with torch.no_grad():
        print(
            "epoch", epoch, "accuracy", (net(x[1300:]).argmax(1) == y[1300:]).float().mean().item()
        )
