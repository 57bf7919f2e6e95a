# batch: fourth
# metric: accuracy up
"""A highway network of sixteen layers: carry gates biased to -2 so that it starts as the identity."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1505)
X, y = load_digits(return_X_y=True)
X = torch.tensor((X - X.mean(0)) / (X.std(0) + 1e-3), dtype=torch.float32)
y = torch.tensor(y)
order = torch.randperm(len(X))
tr, te = order[:1400], order[1400:]


class Highway(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.first = nn.Linear(64, width)
        self.h = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.t = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.last = nn.Linear(width, 10)
        for gate in self.t:
            nn.init.constant_(gate.bias, -2.0)

    def forward(self, x):
        x = torch.relu(self.first(x))
        for h, t in zip(self.h, self.t):
            gate = torch.sigmoid(t(x))
            x = gate * F.relu(h(x)) + (1 - gate) * x
        return self.last(x)


net = Highway(40, 16)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(10):
    for b in tr[torch.randperm(1400)].split(64):
        loss = F.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    acc = (net(X[te]).argmax(1) == y[te]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
