# batch: sixth
# metric: accuracy up
"""Random fixed matrices carry the error back (Lillicrap et al. 2016)."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class FA(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, feedback):
        ctx.save_for_backward(x, feedback)
        return x @ w.T + b

    @staticmethod
    def backward(ctx, g):
        x, feedback = ctx.saved_tensors
        return g @ feedback, g.T @ x, g.sum(0), None


class FALinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i) / i**0.5)
        self.bias = nn.Parameter(torch.zeros(o))
        self.register_buffer("feedback", torch.randn(o, i) / i**0.5)

    def forward(self, x):
        return FA.apply(x, self.weight, self.bias, self.feedback)


torch.manual_seed(77)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float() / 8 - 1, torch.tensor(y)
net = nn.Sequential(FALinear(64, 100), nn.Tanh(), FALinear(100, 60), nn.Tanh(), FALinear(60, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(10):
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 2:
        print(
            "epoch",
            epoch,
            "loss",
            loss.item(),
            "accuracy",
            (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item(),
        )
