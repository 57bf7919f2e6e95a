# batch: sixth
# metric: val acc up
"""A small DenseNet with gradient checkpointing and a cosine rate with warm-up."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.checkpoint import checkpoint

torch.manual_seed(78)


class DenseLayer(nn.Module):
    def __init__(self, c, growth):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(c), nn.Conv2d(c, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


class DenseNet(nn.Module):
    def __init__(self, growth=8):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.block1 = nn.Sequential(*[DenseLayer(16 + i * growth, growth) for i in range(3)])
        self.trans = nn.Sequential(
            nn.BatchNorm2d(40), nn.ReLU(), nn.Conv2d(40, 24, 1, bias=False), nn.AvgPool2d(2)
        )
        self.block2 = nn.Sequential(*[DenseLayer(24 + i * growth, growth) for i in range(3)])
        self.norm = nn.BatchNorm2d(48)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        x = self.stem(x)
        x = checkpoint(self.block1, x, use_reentrant=False)
        x = self.block2(self.trans(x))
        return self.fc(F.relu(self.norm(x)).mean((2, 3)))


d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)
net = DenseNet()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
total = 90
sched = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: min(1.0, (s + 1) / 10) * max(0.01, (total - s) / total)
)
for step in range(total):
    rows = torch.randint(0, 1400, (64,))
    loss = F.cross_entropy(net(X[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 30 == 29:
        net.eval()
        with torch.no_grad():
            print(
                "step",
                step + 1,
                "loss",
                loss.item(),
                "val acc",
                (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item(),
            )
        net.train()
