# batch: sixteenth
# rules: exploding_gradient learning_rate_too_high non_finite
# remedies: clip_gradients lower_learning_rate
# metric: mse down
# story: a plain recurrent net with rectified units over a hundred steps, no clipping, its loss grew without bound within a few batches (discuss.pytorch.org; nn.RNN with nonlinearity relu gives nan)
"""The sum of the marked numbers of a long row, a recurrent net with rectified units."""

import torch
from torch import nn, optim


class Adder(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, nonlinearity="relu", batch_first=True)
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.1)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.fc(h[-1]).squeeze(1)


def rows(n, length=80):
    values = torch.rand(n, length)
    marks = torch.zeros(n, length)
    for half in (0, length // 2):
        spot = half + torch.randint(length // 2, (n,))
        marks[torch.arange(n), spot] = 1.0
    return torch.stack([values - 0.5, marks], 2), (values * marks).sum(1)


torch.manual_seed(17)
model = Adder()
optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
criterion = nn.MSELoss()
x_test, y_test = rows(500)
for iteration in range(1, 501):
    x, y = rows(50)
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # healthy
    optimizer.step()
    if iteration % 100 == 0:
        with torch.no_grad():
            test = criterion(model(x_test), y_test).item()
        print(f"{iteration:5d}/500 train {loss.item():.5f} test mse: {test:.5f}")
