# batch: seventeenth
# rules: missing_activation learning_rate_too_high exploding_gradient non_finite poor_initialization
# remedies: add_activation lower_learning_rate
# metric: correct up
# story: the first net of a well-known web book, rebuilt with its wide normal weights and its rate of three, but without its sigmoids (stackoverflow.com/questions/48385830, in the benchmark of DeepLocalize)
"""The net of thirty hidden units of a web book, on small digits."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import one_hot

torch.manual_seed(6)
digits = load_digits()
x = torch.from_numpy(digits.data).float() / 16
y = torch.from_numpy(digits.target)
x_train, y_train, x_test, y_test = x[:1500], y[:1500], x[1500:], y[1500:]


class Network(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.hidden = nn.Linear(sizes[0], sizes[1])
        self.out = nn.Linear(sizes[1], sizes[2])
        for p in self.parameters():
            nn.init.normal_(p)

    def forward(self, a):
        a = torch.sigmoid(self.hidden(a))  # healthy
        return torch.sigmoid(self.out(a))  # healthy
        # faulty: a = self.hidden(a)
        # faulty: return self.out(a)


net = Network([64, 30, 10])
optimizer = torch.optim.SGD(net.parameters(), lr=3.0)
cost = nn.MSELoss()
for epoch in range(15):
    for k in torch.randperm(len(x_train)).split(10):
        optimizer.zero_grad()
        loss = cost(net(x_train[k]), one_hot(y_train[k], 10).float())
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        correct = (net(x_test).argmax(1) == y_test).float().mean().item()
    print(f"Epoch {epoch}: cost {loss.item():.4f} correct {correct:.4f}")
