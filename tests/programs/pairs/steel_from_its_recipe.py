# batch: fourteenth
# rules: vanishing_gradient saturated_activation unsuitable_activation poor_initialization
# remedies: swap_activation insert_normalization reinitialize
# metric: test rmse down
# story: a stack of sigmoids of a dozen layers predicted the mean for each input (a common report; whosebug.com/index.php/question/6116914 has it for two such layers)
"""The strength of a steel from what is in it, with layers of our own."""

import math

import torch
from torch import nn


class Dense(nn.Module):
    def __init__(self, fan_in, fan_out, act):
        super().__init__()
        limit = math.sqrt(6.0 / (fan_in + fan_out))
        self.W = nn.Parameter(torch.empty(fan_in, fan_out).uniform_(-limit, limit))
        self.b = nn.Parameter(torch.zeros(fan_out))
        self.act = act

    def forward(self, x):
        return self.act(x @ self.W + self.b)


class Strength(nn.Module):
    def __init__(self, elements, width=40, depth=12):
        super().__init__()
        act = nn.functional.elu  # healthy
        # faulty: act = torch.sigmoid
        self.body = nn.ModuleList(
            [Dense(elements if i == 0 else width, width, act) for i in range(depth)]
        )
        self.out = Dense(width, 1, lambda z: z)

    def forward(self, x):
        for layer in self.body:
            x = layer(x)
        return self.out(x)[:, 0]


def heats(n, g):
    x = torch.rand(n, 8, generator=g) * 2 - 1
    y = x[:, 0] + x[:, 1] * x[:, 2] + 0.7 * torch.sin(3 * x[:, 3]) - x[:, 4].abs() + 0.5 * x[:, 5]
    return x, (y + 0.05 * torch.randn(n, generator=g) + 0.5) / 0.9


g = torch.Generator().manual_seed(1416)
torch.manual_seed(1416)
x, y = heats(2000, g)
xt, yt = heats(500, g)
net = Strength(8)
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
print("epoch   train mse   test rmse")
for epoch in range(1, 21):
    for i in torch.randperm(len(x), generator=g).split(64):
        opt.zero_grad()
        loss = (net(x[i]) - y[i]).pow(2).mean()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            rmse = (net(xt) - yt).pow(2).mean().sqrt()
        print(f"{epoch:5d}   {loss.item():9.5f}   test rmse {rmse.item():.5f}")
