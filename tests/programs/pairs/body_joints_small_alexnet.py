# batch: twelfth
# rules: vanishing_gradient dormant_units dying_relu
# remedies: insert_normalization
# metric: joint error down
# story: with a decay of 0.5 all weights went to nought and every picture gave the same joints (github.com/BVLC/caffe/issues/1396)
"""Coordinates of a stick figure's head and hands from a picture of 20 by 20."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1396)


def figures(n):
    joints = torch.randint(3, 17, (n, 3, 2))
    grid = torch.arange(20).float()
    image = torch.zeros(n, 1, 20, 20)
    for j in range(3):
        dy = (grid.view(1, 20, 1) - joints[:, j, 0].view(n, 1, 1)) ** 2
        dx = (grid.view(1, 1, 20) - joints[:, j, 1].view(n, 1, 1)) ** 2
        image[:, 0] += torch.exp(-(dy + dx) / (1 + 2 * j)) * (1 - 0.25 * j)
    return image + 0.05 * torch.randn_like(image), joints.flatten(1).float() / 10 - 1


class SmallAlex(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 5, padding=2)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc1 = nn.Linear(24 * 25, 64)
        self.fc2 = nn.Linear(64, 6)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


x, y = figures(1200)
tx, ty = figures(300)
net = SmallAlex()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)  # healthy
# faulty: opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=0.5)
for epoch in range(12):
    for i in torch.randperm(1200).split(30):
        loss = F.mse_loss(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        miss = 10 * (net(tx) - ty).abs().mean().item()
    print(f"[{epoch}] loss {loss.item():.4f} joint error {miss:.3f}")
