# batch: twelfth
# in view: the unit of the targets is a cause of its own beside inputs that are not scaled
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: relative error down
# story: x between -100 and 100 and its fourth power went in and out as they were (stackoverflow.com/questions/52800582: why do I fail to predict y = x**4 with Keras)
"""Fit a power of x with a small network of sigmoid and ELU layers."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
x = torch.empty(3000, 1).uniform_(-100, 100)
y = x**4
span_x, span_y = x.abs().max(), y.abs().max()


def prepare(x, y):
    return x / span_x, y / span_y  # healthy
    # faulty: return x, y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(1, 48)
        self.middle = nn.Linear(48, 48)
        self.out = nn.Linear(48, 1)

    def forward(self, x):
        x = torch.sigmoid(self.hidden(x))
        x = nn.functional.elu(self.middle(x))
        return self.out(x)


inputs, goals = prepare(x, y)
loader = DataLoader(TensorDataset(inputs[:2500], goals[:2500]), batch_size=50, shuffle=True)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(1, 26):
    total = 0.0
    for a, b in loader:
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    if epoch % 5 == 0:
        with torch.no_grad():
            miss = (net(inputs[2500:]) - goals[2500:]).pow(2).mean().sqrt() / goals[2500:].std()
        print(f"epoch {epoch:2d} loss {total / len(loader):.4g} relative error {miss.item():.4f}")
