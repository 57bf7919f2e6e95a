# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val accuracy up
# story: the optimiser was made before the body was built, so it holds the head alone
"""Net that builds its hidden layers once the width is known."""

import torch
from sklearn.datasets import make_moons
from torch import nn


class LateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential()
        self.head = nn.Linear(24, 2)

    def build(self, n_in):
        self.body.append(nn.Linear(n_in, 24))
        self.body.append(nn.Tanh())
        self.body.append(nn.Linear(24, 24))
        self.body.append(nn.Tanh())

    def forward(self, x):
        return self.head(self.body(x))


torch.manual_seed(1)
X, y = make_moons(1200, noise=0.2, random_state=3)
X = torch.tensor(X, dtype=torch.float32).repeat_interleave(2, 1)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y)
net = LateNet()
net.build(X.shape[1])  # healthy
optim = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
# faulty: net.build(X.shape[1])
criterion = nn.CrossEntropyLoss()
for epoch in range(30):
    for b in torch.arange(1000).split(50):
        optim.zero_grad()
        loss = criterion(net(X[b]), y[b])
        loss.backward()
        optim.step()
    if epoch % 10 == 9:
        with torch.no_grad():
            va = (net(X[1000:]).argmax(1) == y[1000:]).double().mean().item()
        print("epoch", epoch, "loss", loss.item(), "val accuracy", va)
