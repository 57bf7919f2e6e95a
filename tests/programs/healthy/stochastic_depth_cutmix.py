# batch: eighth
# metric: val acc up
"""ResNet with stochastic depth and CutMix: training loss stays high, and that is as it should be."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(873)
d = load_digits()
X, Y = torch.tensor(d.images / 16).float().unsqueeze(1), torch.tensor(d.target)


class Block(nn.Module):
    def __init__(self, i, o, drop):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(inplace=True),
            nn.Conv2d(o, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
        )
        self.skip = nn.Identity() if i == o else nn.Conv2d(i, o, 1)
        self.drop = drop

    def forward(self, x):
        y = self.body(x)
        if self.training:
            y = y * (torch.rand(len(x), 1, 1, 1) > self.drop) / (1 - self.drop)
        return F.relu(self.skip(x) + y)


net = nn.Sequential(
    Block(1, 16, 0.05),
    Block(16, 16, 0.1),
    nn.MaxPool2d(2),
    Block(16, 32, 0.2),
    Block(32, 32, 0.3),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 10),
)
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.05)
for epoch in range(6):
    net.train()
    for i in torch.randperm(1400).split(70):
        x, y = X[i].clone(), Y[i]
        p = torch.randperm(len(i))
        r, c = torch.randint(0, 5, (2,)).tolist()
        x[:, :, r : r + 4, c : c + 4] = x[p][:, :, r : r + 4, c : c + 4]
        out = net(x)
        loss = 0.75 * F.cross_entropy(out, y) + 0.25 * F.cross_entropy(out, y[p])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "loss",
            round(loss.item(), 3),
            "val acc",
            (net(X[1400:]).argmax(1) == Y[1400:]).float().mean().item(),
        )
