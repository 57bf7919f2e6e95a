# batch: eighth
# metric: acc up
"""Fixup: residual blocks without norm, scalar biases, last layers zero, first ones scaled by depth."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(856)
d = load_digits()
X, Y = torch.tensor(d.images / 16).float().unsqueeze(1), torch.tensor(d.target)
BLOCKS = 4


class Fixup(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Parameter(torch.zeros(1)) for _ in range(4))
        self.scale = nn.Parameter(torch.ones(1))
        self.conv1, self.conv2 = (nn.Conv2d(c, c, 3, padding=1, bias=False) for _ in range(2))
        nn.init.normal_(self.conv1.weight, std=(2 / (9 * c)) ** 0.5 * BLOCKS**-0.5)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x):
        y = torch.relu(self.conv1(x + self.a) + self.b)
        return torch.relu(x + self.conv2(y + self.c) * self.scale + self.d)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 20, 3, padding=1)
        self.blocks = nn.Sequential(*[Fixup(20) for _ in range(BLOCKS)])
        self.fc = nn.Linear(20 * 4, 10)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        return self.fc(nn.functional.adaptive_avg_pool2d(self.blocks(self.stem(x)), 2).flatten(1))


net = Net()
scalars = [p for p in net.parameters() if p.numel() == 1]
rest = [p for p in net.parameters() if p.numel() > 1]
opt = torch.optim.SGD(
    [{"params": rest}, {"params": scalars, "lr": 0.01}], lr=0.1, momentum=0.9, weight_decay=5e-4
)
for epoch in range(6):
    for rows in torch.randperm(1400).split(50):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[rows]), Y[rows])
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            f"ep {epoch} loss {loss:.3f} acc {(net(X[1400:]).argmax(1) == Y[1400:]).float().mean():.3f}"
        )
