# metric: test acc up
"""MLP-Mixer on digits with label smoothing and a one-cycle rate."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(4)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16 - 0.3).float().view(-1, 1, 8, 8), torch.tensor(y)


def mlp(width, hidden):
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class Mixer(nn.Module):
    def __init__(self, width=32, patches=16):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens, self.channels = mlp(patches, 32), mlp(width, 64)

    def forward(self, x):
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(1, 32, 2, stride=2)
        self.blocks = nn.Sequential(*[Mixer() for _ in range(4)])
        self.head = nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 10))

    def forward(self, x):
        return self.head(self.blocks(self.patch(x).flatten(2).transpose(1, 2)).mean(1))


net = Net()
opt = torch.optim.AdamW(net.parameters(), weight_decay=0.05)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=6 * 22)
for epoch in range(6):
    for rows in torch.randperm(1400).split(64):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows], label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
print(f"loss {loss.item():.4f} test acc {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.4f}")
