# batch: eighteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val_acc up
# story: a decay meant for the end of an epoch was called behind each batch, the rate was next to nothing after a few dozen of them (github.com/leftthomas/SRGAN/issues/94 describes it)
"""A residual network for photographs of beetles of eight families."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import ExponentialLR


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Identity()
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(x))


class SmallResNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 3, 1, 1, bias=False), nn.BatchNorm2d(12))
        self.layers = nn.Sequential(
            BasicBlock(12, 12), BasicBlock(12, 24, 2), BasicBlock(24, 32, 2)
        )
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        x = self.layers(F.relu(self.stem(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class BeetleData:
    """Bodies are ovals; families differ in stripes, colour and the width of the body."""

    def __init__(self, families=8, side=16, seed=0):
        self.g = torch.Generator().manual_seed(seed)
        self.families, self.side = families, side
        self.width = torch.linspace(3, 6, families)[torch.randperm(families, generator=self.g)]
        self.stripe = torch.linspace(0.8, 2.4, families)
        self.colour = torch.rand(families, 3, generator=self.g)

    def sample(self, n):
        y = torch.randint(self.families, (n,), generator=self.g)
        axis = torch.arange(self.side) - self.side / 2
        shift = torch.randint(-2, 3, (n, 2), generator=self.g)
        row, col = (
            axis[None, :, None] - shift[:, 0, None, None],
            axis[None, None] - shift[:, 1, None, None],
        )
        inside = ((row / 7) ** 2 + (col / self.width[y, None, None]) ** 2 < 1).float()
        stripes = torch.sin(self.stripe[y, None, None] * row) * inside
        x = 0.5 * self.colour[y][:, :, None, None] * inside[:, None] + 0.4 * stripes[:, None]
        return x + 0.5 * torch.randn(n, 3, self.side, self.side, generator=self.g), y


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def fit(model, train, val, epochs=4, lr=0.05, batch=50, gamma=0.8):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    sched = ExponentialLR(opt, gamma=gamma)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(train[0])).split(batch):
            opt.zero_grad()
            loss = F.cross_entropy(model(train[0][idx]), train[1][idx])
            loss.backward()
            opt.step()
            # faulty: sched.step()
            total += loss.item() * len(idx)
        sched.step()  # healthy
        print(
            f"[{epoch + 1}/{epochs}] loss={total / len(train[0]):.4f} val_acc={evaluate(model, *val):.4f}"
        )


if __name__ == "__main__":
    torch.manual_seed(42)
    data = BeetleData()
    fit(SmallResNet(8), data.sample(1500), data.sample(400))
