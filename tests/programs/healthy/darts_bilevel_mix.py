# batch: sixth
# metric: val accuracy up
"""Architecture search: softmax over candidate operations, weights and choices trained in turn."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(82)
d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)


class Mixed(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ops = nn.ModuleList(
            [
                nn.Identity(),
                nn.Sequential(nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c)),
                nn.Sequential(nn.ReLU(), nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)),
                nn.AvgPool2d(3, 1, 1),
            ]
        )

    def forward(self, x, alpha):
        return sum(a * op(x) for a, op in zip(alpha.softmax(0), self.ops))


class Cell(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3, padding=1)
        self.edges = nn.ModuleList([Mixed(c) for _ in range(2)])
        self.out = nn.Linear(c, 10)
        self.alphas = nn.Parameter(1e-3 * torch.randn(2, 4))

    def forward(self, x):
        x = self.stem(x)
        for edge, alpha in zip(self.edges, self.alphas):
            x = edge(x, alpha)
        return self.out(F.relu(x).mean((2, 3)))


net = Cell()
weights = [p for n, p in net.named_parameters() if n != "alphas"]
w_opt = torch.optim.SGD(weights, lr=0.1, momentum=0.9, weight_decay=3e-4)
a_opt = torch.optim.Adam([net.alphas], lr=0.02, betas=(0.5, 0.999), weight_decay=1e-3)
for step in range(120):
    v = torch.randint(700, 1400, (48,))
    a_opt.zero_grad()
    F.cross_entropy(net(X[v]), y[v]).backward()
    a_opt.step()
    t = torch.randint(0, 700, (48,))
    w_opt.zero_grad()
    loss = F.cross_entropy(net(X[t]), y[t])
    loss.backward()
    w_opt.step()
    if step % 30 == 29:
        print("step", step + 1, "loss", loss.item(), "mix", net.alphas.softmax(1).detach().tolist())
net.eval()
print("val accuracy", (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item())
