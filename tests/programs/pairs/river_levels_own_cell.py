# batch: eleventh
# in view: a state that grows from step to step gets a bounded function
# rules: unsuitable_activation exploding_gradient non_finite
# remedies: swap_activation clip_gradients lower_learning_rate
# metric: test rmse down
# story: somebody gave the cells of an LSTM rectifiers where tanh belongs and a wide start, and got forecasts that were one constant or not a number (techfeed.net/es/485530)
"""Forecast tomorrow's level of a river from forty days, cell written out."""

import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, inputs, hidden, activation):
        super().__init__()
        self.gates = nn.Linear(inputs + hidden, 4 * hidden)
        self.activation, self.hidden = activation, hidden

    def forward(self, x, state):
        h, c = state
        i, f, o, g = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
        c = torch.sigmoid(f + 2) * c + torch.sigmoid(i) * self.activation(g)
        h = torch.sigmoid(o) * self.activation(c)
        return h, c


class Forecast(nn.Module):
    def __init__(self, hidden=48, activation=torch.tanh):
        super().__init__()
        self.cell = Cell(1, hidden, activation)
        nn.init.normal_(self.cell.gates.weight, std=0.25)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h = c = x.new_zeros(len(x), self.cell.hidden)
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t : t + 1], (h, c))
        return self.out(h).squeeze(1)


def levels(days):
    t = torch.arange(days).float()
    rain = (torch.rand(days) < 0.15).float() * torch.rand(days) * 2
    level = torch.zeros(days)
    for k in range(1, days):
        level[k] = 0.9 * level[k - 1] + rain[k] + 0.1 * torch.sin(t[k] / 58)
    return (level - level.mean()) / level.std()


torch.manual_seed(1108)
series = levels(3000)
windows = series.unfold(0, 41, 1)
x, y = windows[:, :40], windows[:, 40]
model = Forecast()  # healthy
# faulty: model = Forecast(activation=torch.relu)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(1, 181):
    rows = torch.randint(0, 2400, (32,))
    loss = nn.functional.mse_loss(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        with torch.no_grad():
            rmse = nn.functional.mse_loss(model(x[2500:]), y[2500:]).sqrt()
        print(f"step {step} loss {loss.item():.5f} test rmse {rmse.item():.5f}")
