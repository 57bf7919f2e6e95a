# batch: sixth
# metric: mse down
"""Weights as distributions (Blundell et al. 2015): mean and softplus spread, KL to a prior."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(71)


class BayesLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.mu = nn.Parameter(torch.randn(o, i) / i**0.5)
        self.rho = nn.Parameter(torch.full((o, i), -4.0))
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        sigma = F.softplus(self.rho)
        self.kl = (0.5 * (self.mu**2 + sigma**2) - torch.log(sigma) - 0.5).sum()
        return F.linear(x, self.mu + sigma * torch.randn_like(sigma), self.bias)


l1, l2, l3 = BayesLinear(1, 32), BayesLinear(32, 32), BayesLinear(32, 1)


def model(x):
    return l3(torch.tanh(l2(torch.tanh(l1(x)))))


x = torch.rand(300, 1) * 4 - 2
y = torch.sin(2 * x) + 0.1 * torch.randn_like(x)
params = [p for layer in (l1, l2, l3) for p in layer.parameters()]
opt = torch.optim.Adam(params, lr=0.01)
for step in range(600):
    rows = torch.randint(0, 300, (100,))
    nll = ((model(x[rows]) - y[rows]) ** 2).mean() / (2 * 0.01) * 300
    loss = (nll + sum(layer.kl for layer in (l1, l2, l3))) / 300
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 150 == 149:
        with torch.no_grad():
            mean = torch.stack([model(x) for _ in range(20)]).mean(0)
        print(
            "step",
            step + 1,
            "elbo",
            loss.item(),
            "mse",
            (mean - torch.sin(2 * x)).pow(2).mean().item(),
        )
