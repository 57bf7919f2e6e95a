# batch: sixth
# metric: ensemble accuracy up
"""Stochastic gradient Langevin dynamics: noise in each update, the samples averaged."""

import torch
from sklearn.datasets import load_iris
from torch import nn

torch.manual_seed(72)
X, y = load_iris(return_X_y=True)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
shuffle = torch.randperm(150)
train, test = shuffle[:110], shuffle[110:]
net = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, 3))


class SGLD(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(p.grad, alpha=-group["lr"] / 2)
                    p.add_(torch.randn_like(p), alpha=group["lr"] ** 0.5)


opt = SGLD(net.parameters(), lr=4e-4)
votes = torch.zeros(len(test), 3)
for step in range(1500):
    rows = train[torch.randint(0, 110, (32,))]
    likelihood = nn.functional.cross_entropy(net(X[rows]), y[rows]) * 110
    prior = sum((p**2).sum() for p in net.parameters()) / 2
    loss = likelihood + prior
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step > 500 and step % 20 == 0:
        with torch.no_grad():
            votes += net(X[test]).softmax(1)
    if step % 300 == 0:
        print("step", step, "energy", loss.item())
print("ensemble accuracy", (votes.argmax(1) == y[test]).float().mean().item())
