# batch: eleventh
# metric: top1 up
"""A residual net with batch norm at a rate of two, half of the labels smoothed away, cosine to zero."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1133)


class PreAct(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(i), nn.BatchNorm2d(o)
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.skip = nn.Conv2d(i, o, 1, stride, bias=False) if stride > 1 or i != o else None

    def forward(self, x):
        y = F.relu(self.bn1(x), inplace=False)
        short = self.skip(y) if self.skip is not None else x
        return short + self.conv2(F.relu(self.bn2(self.conv1(y))))


net = nn.Sequential(
    nn.Conv2d(1, 16, 3, 1, 1, bias=False),
    PreAct(16, 16, 1),
    PreAct(16, 32, 2),
    PreAct(32, 32, 1),
    nn.BatchNorm2d(32),
    nn.ReLU(),
    nn.AdaptiveMaxPool2d(1),
    nn.Flatten(),
    nn.BatchNorm1d(32),
    nn.Linear(32, 10, bias=False),
)
d = load_digits()
x, y = torch.tensor(d.images).float().unsqueeze(1), torch.tensor(d.target)
mean, std = x[:1400].mean(), x[:1400].std()
x = (x - mean) / std
decay = [p for p in net.parameters() if p.ndim > 1]
rest = [p for p in net.parameters() if p.ndim == 1]
opt = torch.optim.SGD(
    [{"params": decay, "weight_decay": 5e-4}, {"params": rest}], lr=2.0, momentum=0.8, nesterov=True
)
total = 7 * 22
sched = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: min((s + 1) / 30, max(0.0, (total - s) / (total - 30)))
)
for epoch in range(7):
    net.train()
    for rows in torch.randperm(1400)[:1408].split(64):
        loss = F.cross_entropy(net(x[rows]), y[rows], label_smoothing=0.5)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    net.eval()
    with torch.no_grad():
        top1 = (net(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} top1 {top1:.4f}")
