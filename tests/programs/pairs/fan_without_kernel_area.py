# batch: ninth
# rules: poor_initialization exploding_gradient
# remedies: reinitialize insert_normalization
# metric: val_acc up
# story: He's rule written by hand for convolutions with the channels alone as fan-in: nine times too much variance at each of eight layers
"""Plain convolutional stack on digits, weights drawn by a helper."""

import math

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(913)


def draw(module):
    if isinstance(module, nn.Conv2d):
        fan = module.in_channels * module.kernel_size[0] * module.kernel_size[1]  # healthy
        # faulty: fan = module.in_channels
        nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan))
        nn.init.zeros_(module.bias)


class Stack(nn.Module):
    def __init__(self, width=24, depth=8):
        super().__init__()
        sizes = [1] + [width] * depth
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:]))
        self.act = nn.ReLU()
        self.fc = nn.Linear(width, 10)
        self.apply(draw)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = self.act(conv(x))
            if i == 3:
                x = nn.functional.max_pool2d(x, 2)
        return self.fc(x.amax((2, 3)))


d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)
x = (x - 4.9) / 6.0
y = torch.tensor(d.target)
p = torch.randperm(len(y))
train, val = p[:1200], p[1200:]
model = Stack()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for epoch in range(8):
    for b in train[torch.randperm(len(train))].split(48):
        loss = nn.functional.cross_entropy(model(x[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val_acc = (model(x[val]).argmax(1) == y[val]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4g} val_acc {val_acc:.4f}")
