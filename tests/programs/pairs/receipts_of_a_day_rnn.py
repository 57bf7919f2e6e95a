# batch: sixteenth
# in view: clipping where the first steps made a recurrent gradient explode
# rules: exploding_gradient learning_rate_too_high dying_relu non_finite
# remedies: clip_gradients lower_learning_rate
# metric: mse down
# story: a plain recurrent net with rectified units and no clipping: its loss grew by many orders within a few batches and came back as the same value for every row (discuss.pytorch.org; nn.RNN with nonlinearity relu explodes)
"""The sum of the marked lines of a receipt, a recurrent net with rectified units."""

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


def rows(n, length=40):
    values = torch.rand(n, length) - 0.5
    marks = (torch.rand(n, length) < 0.3).float()
    return torch.stack([values, marks], 2), (values * marks).sum(1)


torch.manual_seed(17)
model = Adder()
optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
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
