# batch: fifteenth
# metric: ema_acc up
"""A residual network under bfloat16 autocast, a slow warmup, and a moving mean of its weights."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(88)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1, self.c2 = (
            nn.Conv2d(c, c, 3, padding=1, bias=False),
            nn.Conv2d(c, c, 3, padding=1, bias=False),
        )
        self.b1, self.b2 = nn.BatchNorm2d(c), nn.BatchNorm2d(c)
        nn.init.zeros_(self.b2.weight)

    def forward(self, x):
        return F.relu(x + self.b2(self.c2(F.relu(self.b1(self.c1(x))))))


class Net(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU()
        )
        self.body = nn.Sequential(Block(c), Block(c), nn.MaxPool2d(2), Block(c))
        self.fc = nn.Linear(c, 6)

    def forward(self, x):
        return self.fc(self.body(self.stem(x)).mean((2, 3)))


def data(n):
    y = torch.randint(6, (n,))
    v, u = torch.meshgrid(torch.linspace(-1, 1, 12), torch.linspace(-1, 1, 12), indexing="ij")
    angle = (y * torch.pi / 6).view(-1, 1, 1)
    wave = torch.sin(7 * (u * angle.cos() + v * angle.sin()) + 6.28 * torch.rand(n, 1, 1))
    return (wave + 0.7 * torch.randn(n, 12, 12)).unsqueeze(1), y


x, y = data(1600)
xv, yv = data(400)
model = Net()
ema = copy.deepcopy(model).requires_grad_(False)
opt = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, nesterov=True, weight_decay=5e-4)
total = 8 * 25
warm = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: min((s + 1) / 60, (total - s) / (total - 60))
)
for epoch in range(8):
    model.train()
    for rows in torch.randperm(len(x)).split(64):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = model(x[rows])
        loss = F.cross_entropy(out.float(), y[rows], label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        warm.step()
        with torch.no_grad():
            for a, b in zip(ema.state_dict().values(), model.state_dict().values()):
                a.copy_(b) if not a.is_floating_point() else a.lerp_(b, 0.05)
    with torch.no_grad():
        ema.eval()
        acc = (ema(xv).argmax(1) == yv).float().mean().item()
    print(f"epoch {epoch} lr {warm.get_last_lr()[0]:.3f} loss {loss.item():.4f} ema_acc {acc:.4f}")
