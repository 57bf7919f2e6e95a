# batch: tenth
# rules: poor_initialization
# remedies: reinitialize
# metric: accuracy up
# story: an own layer keeps its weight as (in, out) and calls kaiming_normal_, which reads the fan from the other side; the first layer has 1,024 inputs and 24 units
"""Reviews as hashed word counts, layers written by hand."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1008)
WORDS = 1024


class Dense(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")  # healthy
        # faulty: nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def forward(self, x):
        return x @ self.weight + self.bias


class Reviews(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Dense(WORDS, 24), Dense(24, 24), Dense(24, 3)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


tone = torch.randn(WORDS, 3)
rows = torch.randint(0, WORDS, (5000, 60))
counts = torch.zeros(5000, WORDS).scatter_add_(1, rows, torch.ones(5000, 60))
x = counts * math.sqrt(WORDS / 60)
y = (counts @ tone + 1.0 * torch.randn(5000, 3)).argmax(1)

net = Reviews()
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
ce = nn.CrossEntropyLoss()
for epoch in range(12):
    for idx in torch.randperm(4000).split(50):
        loss = ce(net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(x[4000:]).argmax(1) == y[4000:]).float().mean()
    print(f"[{epoch:2d}] loss={loss.item():.3f} accuracy={acc.item():.4f}")
