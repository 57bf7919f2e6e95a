# batch: eighth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test_accuracy up
# story: weights are rescaled by making them anew, layer.weight = nn.Parameter(...), when the optimizer holds the old ones already
"""Initialise by data (LSUV) and train."""

import torch
from sklearn.datasets import load_wine
from torch import nn, optim

torch.manual_seed(822)
data = load_wine()
x = torch.tensor(data.data).float()
x = (x - x.mean(0)) / x.std(0)
y = torch.tensor(data.target)
order = torch.randperm(len(x))
x, y = x[order] + 0.8 * torch.randn(x.shape), y[order]
net = nn.Sequential(
    nn.Linear(13, 48),
    nn.ReLU(),
    nn.Linear(48, 48),
    nn.ReLU(),
    nn.Linear(48, 48),
    nn.ReLU(),
    nn.Linear(48, 3),
)


def lsuv(net, x):
    with torch.no_grad():
        h = x
        for layer in net:
            if isinstance(layer, nn.Linear):
                s = layer(h).std()
                layer.weight.data /= s  # healthy
                # faulty: layer.weight = nn.Parameter(layer.weight / s)
            h = layer(h)


opt = optim.SGD(net.parameters(), lr=0.03)
lsuv(net, x[:100])
for epoch in range(150):
    for i in range(0, 120, 20):
        loss = nn.CrossEntropyLoss()(net(x[i : i + 20]), y[i : i + 20])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 30 == 29:
        print(
            epoch + 1,
            loss.item(),
            "train",
            (net(x[:120]).argmax(1) == y[:120]).float().mean().item(),
            "test_accuracy",
            (net(x[120:]).argmax(1) == y[120:]).float().mean().item(),
        )
