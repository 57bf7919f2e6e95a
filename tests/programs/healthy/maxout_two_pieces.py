# batch: fourth
# metric: accuracy up
"""Maxout network of Goodfellow: the larger of pieces, dropout, SGD with momentum, max-norm after each step."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(2)
X, Y = load_digits(return_X_y=True)
X, Y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(Y)
perm = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
X, Y = X[perm], Y[perm]


class Maxout(nn.Module):
    def __init__(self, d_in, d_out, pieces):
        super().__init__()
        self.d_out, self.pieces = d_out, pieces
        self.lin = nn.Linear(d_in, d_out * pieces)

    def forward(self, x):
        return self.lin(x).view(-1, self.d_out, self.pieces).max(-1)[0]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.m1, self.m2, self.out = Maxout(64, 48, 4), Maxout(48, 48, 3), nn.Linear(48, 10)

    def forward(self, x):
        x = F.dropout(self.m1(F.dropout(x, 0.1, self.training)), 0.3, self.training)
        return self.out(self.m2(x))


net = Net()
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for epoch in range(18):
    net.train()
    for i in range(0, 1400, 50):
        loss = F.cross_entropy(net(X[i : i + 50]), Y[i : i + 50])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        with torch.no_grad():
            for m in (net.m1, net.m2):
                m.lin.weight.data = torch.renorm(m.lin.weight, 2, 0, 2.0)
    net.eval()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(1) == Y[1400:]).float().mean()
    if epoch % 4 == 1:
        print("epoch", epoch, "loss", round(loss.item(), 4), "accuracy", round(acc.item(), 4))
