# batch: seventh
# metric: int8 accuracy up
"""Quantisation-aware training: weights and activations fake-quantised, straight-through."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


def fake_quant(x, lo, hi, bits=8):
    scale = (hi - lo).clamp(min=1e-8) / (2**bits - 1)
    q = ((x - lo) / scale).round().clamp(0, 2**bits - 1) * scale + lo
    return x + (q - x).detach()


class QLinear(nn.Linear):
    def __init__(self, i, o):
        super().__init__(i, o)
        self.register_buffer("hi", torch.tensor(0.0))

    def forward(self, x):
        if self.training:
            self.hi.mul_(0.95).add_(0.05 * x.detach().max())
        x = fake_quant(x, torch.zeros(()), self.hi)
        bound = self.weight.detach().abs().max()
        return F.linear(x, fake_quant(self.weight, -bound, bound), self.bias)


torch.manual_seed(44)
d = load_digits()
X, y = torch.tensor(d.data / 16).float(), torch.tensor(d.target)
net = nn.Sequential(QLinear(64, 64), nn.ReLU6(), QLinear(64, 64), nn.ReLU6(), QLinear(64, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for epoch in range(12):
    net.train()
    for i in torch.randperm(1400).split(35):
        loss = F.cross_entropy(net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} int8 accuracy {acc:.4f}")
