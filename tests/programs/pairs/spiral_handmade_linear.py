# batch: eighth
# rules: missing_activation
# remedies: add_activation
# metric: train accuracy up
# story: a course's three-layer net from nn.Parameter, its author forgot the nonlinearity between the matrix products
"""Three-arm spirals, everything by hand."""

import math

import torch
from torch import nn

torch.manual_seed(812)
k = 300
pts, lab = [], []
for arm in range(3):
    r = torch.linspace(0.05, 1, k)
    t = torch.linspace(arm * 4, (arm + 1) * 4, k) + 0.15 * torch.randn(k)
    pts.append(torch.stack([r * torch.sin(t), r * torch.cos(t)], 1))
    lab.append(torch.full((k,), arm))
x, y = torch.cat(pts) * 2, torch.cat(lab)


class Affine(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.W = nn.Parameter(torch.empty(i, o).uniform_(-1, 1) * math.sqrt(6 / i))
        self.b = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        return x @ self.W + self.b


class SpiralNet(nn.Module):
    def __init__(self, h=64):
        super().__init__()
        self.l1, self.l2, self.l3 = Affine(2, h), Affine(h, h), Affine(h, 3)

    def forward(self, x):
        z1 = self.l1(x).clamp(min=0)  # healthy
        z2 = self.l2(z1).clamp(min=0)  # healthy
        # faulty: z1 = self.l1(x)
        # faulty: z2 = self.l2(z1)
        return self.l3(z2)


net = SpiralNet()
opt = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(400):
    s = net(x)
    loss = nn.functional.nll_loss(s.log_softmax(1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if (epoch + 1) % 100 == 0:
        print(
            f"{epoch + 1:4d} loss {loss:.4f} train accuracy {(s.argmax(1) == y).float().mean():.3f}"
        )
