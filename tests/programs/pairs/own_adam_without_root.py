# batch: ninth
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: error down
# story: Adam written for a course, the root of the second moment forgotten: small gradients make huge steps
"""Regression with an optimiser of one's own."""

import torch
from torch import nn

torch.manual_seed(917)


class Adam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.betas, self.eps, self.t = lr, betas, eps, 0
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for p, m, v in zip(self.params, self.m, self.v):
            m.mul_(b1).add_(p.grad, alpha=1 - b1)
            v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
            mhat = m / (1 - b1**self.t)
            vhat = v / (1 - b2**self.t)
            p -= self.lr * mhat / (vhat.sqrt() + self.eps)  # healthy
            # faulty: p -= self.lr * mhat / (vhat + self.eps)


x = torch.randn(2000, 8)
y = torch.sin(x[:, :1] * 2) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(2000, 1)
net = nn.Sequential(nn.Linear(8, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1))
opt = Adam(net.parameters(), lr=2e-3)
for epoch in range(20):
    for idx in torch.randperm(1600).split(64):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x[idx]), y[idx])
        loss.backward()
        opt.step()
    with torch.no_grad():
        error = nn.functional.l1_loss(net(x[1600:]), y[1600:]).item()
    print(f"epoch {epoch:2d}   error {error:.4f}")
