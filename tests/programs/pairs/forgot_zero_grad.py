# batch: third
# rules: learning_rate_too_high exploding_gradient dying_relu
# remedies: lower_learning_rate clip_gradients
# metric: dev_acc up
# story: the call of zero_grad went lost when the loop was cleaned up: the gradient is a sum over all steps so far
"""Sequence classification by a convolution over time."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(40)


def make(n):
    label = torch.randint(0, 4, (n,))
    t = torch.arange(40).float()
    phase = torch.rand(n, 1) * 6.28
    freq = 0.2 + 0.15 * label[:, None]
    x = torch.sin(freq * t + phase) + 0.6 * torch.randn(n, 40)
    return x.unsqueeze(1), label


class TimeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv1d(1, 24, 5, padding=2), nn.Conv1d(24, 32, 5, padding=2)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        h = F.max_pool1d(F.relu(self.c1(x)), 2)
        h = F.relu(self.c2(h)).amax(-1)
        return self.out(h)


Xtr, Ytr = make(1600)
Xdev, Ydev = make(400)
model = TimeNet()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(1, 13):
    for idx in torch.randperm(1600).split(64):
        loss = F.cross_entropy(model(Xtr[idx]), Ytr[idx])
        opt.zero_grad()  # healthy
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (model(Xdev).argmax(-1) == Ydev).float().mean()
    print(f"epoch={epoch} loss={loss:.3f} dev_acc={acc:.3f}")
