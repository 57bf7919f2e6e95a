# rules: exploding_gradient poor_initialization learning_rate_too_high
# remedies: reinitialize insert_normalization lower_learning_rate
# metric: val loss down
# story: 2 / n ** 0.5 where (2 / n) ** 0.5 was meant: a factor of 1.4 a layer, sixteen layers
"""A deep regression with its own initialisation."""

import torch
from torch import nn

torch.manual_seed(3)


def init(module):
    if isinstance(module, nn.Linear):
        n = module.in_features
        std = (2 / n) ** 0.5  # healthy
        # faulty: std = 2 / n**0.5
        nn.init.normal_(module.weight, std=std)
        nn.init.zeros_(module.bias)


class Tower(nn.Module):
    def __init__(self, depth=16, width=48):
        super().__init__()
        self.stem = nn.Linear(6, width)
        self.body = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.top = nn.Linear(width, 1)

    def forward(self, x):
        x = self.stem(x).relu()
        for layer in self.body:
            x = layer(x).relu()
        return self.top(x)


x = torch.randn(1200, 6)
y = (x[:, :1] - x[:, 1:2]).abs() + 0.5 * x[:, 2:3]
y = (y - y.mean()) / y.std()
model = Tower()
model.apply(init)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
for epoch in range(12):
    for rows in torch.randperm(1000).split(50):
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    val = nn.functional.mse_loss(model(x[1000:]), y[1000:]).item()
    print(f"epoch {epoch + 1} train loss {loss.item():.5g} val loss {val:.5g}")
