# batch: sixteenth
# in view: hidden layers that are all flat from the start
# rules: poor_initialization saturated_activation
# remedies: reinitialize insert_normalization
# metric: r2 up
# story: weights of own layers were drawn from N(0, 1) whatever the number of inputs, so that every tanh stood at its ends (discuss.pytorch.org; weights made by torch.randn)
"""Strength of concrete from its mix, tensors and torch functions only."""

import csv
import sys

import torch

torch.manual_seed(6)
n, inputs, hidden = 2000, 24, 64


def parameter(*shape):
    return torch.randn(*shape) / shape[0] ** 0.5  # healthy
    # faulty: return torch.randn(*shape)


w1, b1 = parameter(inputs, hidden), torch.zeros(hidden)
w2, b2 = parameter(hidden, hidden), torch.zeros(hidden)
w3, b3 = parameter(hidden, hidden), torch.zeros(hidden)
w4, b4 = parameter(hidden, 1), torch.zeros(1)
params = [w1, b1, w2, b2, w3, b3, w4, b4]
for p in params:
    p.requires_grad_()


def net(x):
    h = torch.tanh(torch.addmm(b1, x, w1))
    h = torch.tanh(torch.addmm(b2, h, w2))
    h = torch.tanh(torch.addmm(b3, h, w3))
    return torch.addmm(b4, h, w4).squeeze(1)


mix = torch.randn(n, inputs)
strength = mix[:, 0] + 0.7 * mix[:, 1] * mix[:, 2] - 0.5 * mix[:, 3].abs() + mix[:, 4:12].sum(1) / 4
strength = (strength - strength.mean()) / strength.std() + 0.1 * torch.randn(n)
x, y, xt, yt = mix[:1600], strength[:1600], mix[1600:], strength[1600:]
optimizer = torch.optim.SGD(params, lr=0.02, momentum=0.9)
out = csv.writer(sys.stdout, delimiter=" ")
for epoch in range(1, 31):
    for pick in torch.randperm(1600).split(32):
        loss = torch.mean((net(x[pick]) - y[pick]) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            r2 = 1 - torch.mean((net(xt) - yt) ** 2) / yt.var()
        out.writerow(["epoch", epoch, "loss", f"{loss.item():.4f}", "r2", f"{r2.item():.4f}"])
