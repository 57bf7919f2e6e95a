# batch: sixth
# metric: int accuracy up
"""Quantisation-aware training: four-bit weights and activations, straight-through estimator."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


def quant(x, bits, signed):
    levels = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    scale = x.detach().abs().max().clamp(min=1e-6) / levels
    return Round.apply(x / scale) * scale


class QLinear(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(x, quant(self.weight, 4, True), self.bias)


class QReLU(nn.Module):
    def forward(self, x):
        return quant(x.clamp(0, 6), 4, False)


torch.manual_seed(73)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float() / 16, torch.tensor(y)
net = nn.Sequential(QLinear(64, 64), QReLU(), QLinear(64, 64), QReLU(), QLinear(64, 10))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(12):
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 3 == 2:
        print("epoch", epoch + 1, "loss", loss.item())
with torch.no_grad():
    print("int accuracy", (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item())
