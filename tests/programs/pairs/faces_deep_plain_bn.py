# batch: thirteenth
# in view: batch normalisations that never took a statistic are told, and put into training mode
# rules: vanishing_gradient poor_initialization
# remedies: insert_normalization reinitialize
# metric: shape accuracy up
# story: a check before training put the deep batch-normed net into eval mode, and nothing put it back; with means of nought and variances of one its layers shrink what comes (a forgotten train() is a common slip; no single report is its source)
"""A deep plain convolutional net with batch norm sorts small shapes; a check runs before training."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1324)
SIDE = 12


def shapes(n):
    kind = torch.randint(0, 4, (n,))
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    cy, cx = torch.randint(4, 8, (2, n, 1, 1))
    dy, dx = (y - cy).abs(), (x - cx).abs()
    square, diamond = (torch.maximum(dy, dx) == 3), (dy + dx == 3)
    cross, plus = (dy == dx) & (dy <= 3), ((dy == 0) | (dx == 0)) & (dy + dx <= 3)
    bank = torch.stack([square, diamond, cross, plus], 1).float()
    pictures = bank[torch.arange(n), kind].unsqueeze(1)
    return pictures + 0.4 * torch.randn(n, 1, SIDE, SIDE), kind


def conv(fan_in, fan_out):
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False), nn.BatchNorm2d(fan_out), nn.ReLU()
    )


class Deep(nn.Module):
    def __init__(self, layers=14, width=12):
        super().__init__()
        self.stem = conv(1, width)
        self.body = nn.Sequential(*[conv(width, width) for _ in range(layers)])
        self.fc = nn.Linear(width, 4)

    def forward(self, x):
        return self.fc(
            F.adaptive_avg_pool2d(self.body(F.max_pool2d(self.stem(x), 2)), 1).flatten(1)
        )


@torch.no_grad()
def evaluate(net, x, y):
    net.eval()
    return (net(x).argmax(1) == y).float().mean().item()


net = Deep()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
x, y = shapes(1200)
held_x, held_y = shapes(400)
print(f"sanity check: {evaluate(net, held_x, held_y):.4f}")
for epoch in range(1, 7):
    net.train()  # healthy
    for index in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[index]), y[index])
        loss.backward()
        optimizer.step()
    print(
        f"epoch {epoch} loss {loss.item():.4f} shape accuracy {evaluate(net, held_x, held_y):.4f}"
    )
