# metric: test accuracy up
"""SGD at 1.0 on a normalised net, warmed up: a large rate that suits."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(15)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16).float().view(-1, 1, 8, 8), torch.tensor(y)


def block(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.Hardswish()
    )


net = nn.Sequential(
    block(1, 16), block(16, 16), nn.MaxPool2d(2), block(16, 32), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(32, 10),
)  # fmt: skip
opt = torch.optim.SGD(net.parameters(), lr=1.0)
warm = torch.optim.lr_scheduler.LinearLR(opt, 0.05, total_iters=15)
cool = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=60)
schedule = torch.optim.lr_scheduler.SequentialLR(opt, [warm, cool], [15])
for epoch in range(7):
    net.train()
    for rows in torch.randperm(1400).split(128):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
net.eval()
with torch.no_grad():
    hit = (net(x[1400:]).argmax(1) == y[1400:]).float().mean()
print(f"loss {loss.item():.4f} test accuracy {hit:.4f}")
