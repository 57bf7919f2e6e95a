# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: acc up
# story: requires_grad False set on the whole net instead of its trunk, only a scale trains
"""All frozen flag."""

import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.fc = nn.Linear(16, 3)
        self.temperature = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.fc(self.trunk(x)) / self.temperature


net = Net()
# faulty: for p in [*net.trunk.parameters(), *net.fc.parameters()]: p.requires_grad = False
X = torch.randn(900, 8)
Y = (X @ torch.randn(8, 3)).argmax(1)
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=0.01)
for e in range(150):
    l = nn.functional.cross_entropy(net(X), Y)
    opt.zero_grad()
    l.backward()
    opt.step()
print("acc", (net(X).argmax(1) == Y).float().mean().item())
