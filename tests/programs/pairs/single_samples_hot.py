# batch: eighth
# rules: learning_rate_too_high dying_relu exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: test_mse down
# story: the batch went from 256 to 1 for lack of memory, SGD's 0.2 with momentum stayed
"""Airfoil noise (made-up) from five columns."""

import torch
from torch import nn, optim

torch.manual_seed(818)
x = torch.randn(900, 5)
y = (
    x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) + 0.3 * x[:, 3:].sum(1) + 0.2 * torch.randn(900)
).unsqueeze(1)


class Regressor(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, h):
        for layer in self.layers[:-1]:
            h = nn.functional.relu(layer(h))
        return self.layers[-1](h)


model = Regressor(5, 64, 64, 1)
opt = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
batch_size = 64  # healthy
# faulty: batch_size = 1
steps = 0
for epoch in range(100):
    for rows in torch.randperm(700).split(batch_size):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        loss.backward()
        opt.step()
        steps += 1
        if steps % 200 == 0:
            with torch.no_grad():
                print(
                    "steps",
                    steps,
                    "test_mse",
                    nn.functional.mse_loss(model(x[700:]), y[700:]).item(),
                )
    if steps >= 1200:
        break
