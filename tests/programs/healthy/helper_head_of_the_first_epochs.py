# batch: twelfth
# metric: test accuracy up
"""A second head helps in the first epochs and is then left alone; its weights stand still from there on."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1236)
d = load_digits()
x = torch.tensor(d.images).float().unsqueeze(1) / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(y))
tr, te = perm[:1400], perm[1400:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.low = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.high = nn.Sequential(nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.Flatten())
        self.helper = nn.Linear(12 * 16, 10)
        self.head = nn.Linear(24 * 16, 10)

    def forward(self, x, help=False):
        low = self.low(x)
        out = self.head(self.high(low))
        return (out, self.helper(low.flatten(1))) if help else out


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(9):
    for i in tr[torch.randperm(len(tr))].split(50):
        if epoch < 3:
            out, side = net(x[i], help=True)
            loss = F.cross_entropy(out, y[i]) + 0.3 * F.cross_entropy(side, y[i])
        else:
            loss = F.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(x[te]).argmax(1) == y[te]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} test accuracy {acc:.4f}")
