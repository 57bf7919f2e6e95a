# batch: ninth
# metric: probe accuracy up
"""Swapped assignments of two views to prototypes, balanced by Sinkhorn (Caron et al. 2020)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

torch.manual_seed(940)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X).float() / 16


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64)
        )
        self.project = nn.Sequential(nn.ReLU(), nn.Linear(64, 32))
        self.prototypes = nn.Linear(32, 30, bias=False)

    def forward(self, x):
        return self.prototypes(F.normalize(self.project(self.body(x)), dim=1))


@torch.no_grad()
def sinkhorn(scores, eps=0.05, rounds=3):
    q = torch.exp(scores / eps).T
    q /= q.sum()
    for _ in range(rounds):
        q /= q.sum(1, keepdim=True) * q.shape[0]
        q /= q.sum(0, keepdim=True) * q.shape[1]
    return (q * q.shape[1]).T


def view(x):
    keep = (torch.rand_like(x) > 0.25).float()
    return x * keep + 0.1 * torch.randn_like(x)


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9, weight_decay=1e-6)
for epoch in range(12):
    net.train()
    for i in torch.randperm(len(X)).split(200):
        with torch.no_grad():
            w = net.prototypes.weight
            w.copy_(F.normalize(w, dim=1))
        a, b = net(view(X[i])), net(view(X[i]))
        loss = -(sinkhorn(b) * F.log_softmax(a / 0.1, 1)).sum(1).mean() / 2
        loss = loss - (sinkhorn(a) * F.log_softmax(b / 0.1, 1)).sum(1).mean() / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, "loss", loss.item())
net.eval()
with torch.no_grad():
    h = net.body(X).numpy()
probe = LogisticRegression(max_iter=300).fit(h[:400], y[:400])
print("probe accuracy", probe.score(h[400:], y[400:]))
