# batch: seventh
# metric: accuracy up
"""Leaky integrate-and-fire layers with a fast-sigmoid surrogate gradient, rate-coded digits."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v > 0).float()

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad / (1 + 10 * v.abs()) ** 2


class LIF(nn.Module):
    def __init__(self, n_in, n_out, beta=0.85):
        super().__init__()
        self.fc, self.beta = nn.Linear(n_in, n_out), beta

    def forward(self, spikes, v):
        v = self.beta * v + self.fc(spikes)
        s = Spike.apply(v - 1.0)
        return s, v - s.detach()


class SNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = LIF(64, 100), LIF(100, 10)

    def forward(self, x, T=12):
        v1, v2, out = torch.zeros(len(x), 100), torch.zeros(len(x), 10), 0
        for _ in range(T):
            s, v1 = self.l1((torch.rand_like(x) < x).float(), v1)
            o, v2 = self.l2(s, v2)
            out = out + v2 / T + o / T
        return out


torch.manual_seed(33)
d = load_digits()
X, y = torch.tensor(d.data / 16).float(), torch.tensor(d.target)
net = SNN()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(6):
    for i in torch.randperm(1400).split(70):
        loss = nn.functional.cross_entropy(3 * net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
