# batch: ninth
# in view: a threshold that no input reaches is swapped
# rules: born_dead unsuitable_activation dying_relu
# remedies: swap_activation reinitialize insert_normalization
# metric: test acc up
# story: a port of a mobile net: F.threshold(x, 6, 0) taken for the ReLU that is cut off at six; it lets nothing pass below six
"""Small mobile-style net on 8x8 digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(908)


def clipped(x):
    return F.relu6(x)  # healthy
    # faulty: return F.threshold(x, 6.0, 0.0)


class Separable(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.depth = nn.Conv2d(cin, cin, 3, stride, 1, groups=cin)
        self.point = nn.Conv2d(cin, cout, 1)

    def forward(self, x):
        return clipped(self.point(clipped(self.depth(x))))


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 24, 3, padding=1)
        self.blocks = nn.Sequential(Separable(24, 48, 2), Separable(48, 64))
        self.head = nn.Linear(64 * 16, 10)

    def forward(self, x):
        x = self.blocks(clipped(self.stem(x)))
        return self.head(x.flatten(1))


images, target = load_digits(return_X_y=True)
images = torch.as_tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1
target = torch.as_tensor(target)
perm = torch.randperm(len(images))
tr, te = perm[:1400], perm[1400:]
net = Mobile()
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    net.train()
    for batch in tr[torch.randperm(len(tr))].split(64):
        optim.zero_grad()
        F.cross_entropy(net(images[batch]), target[batch]).backward()
        optim.step()
    net.eval()
    with torch.no_grad():
        print(epoch, "test acc", (net(images[te]).argmax(1) == target[te]).float().mean().item())
