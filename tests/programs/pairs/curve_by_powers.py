# batch: twelfth
# rules: unnormalized_input learning_rate_too_high exploding_gradient non_finite
# remedies: normalize_input lower_learning_rate
# metric: fit error down
# story: powers of x up to a thousand as the features of a regression by gradient descent: nan after some steps, or no learning at a rate that is small enough (as in stackoverflow.com/questions/52800582, values too large for the weights)
"""Regression on x, x squared and x cubed by a small network, trained by gradient descent."""

import torch
from torch import nn


class Poly(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 20)
        self.out = nn.Linear(20, 1)

    def forward(self, f):
        return self.out(torch.relu(self.hidden(f)))


def features(x):
    f = torch.stack([x, x**2, x**3], dim=1)
    f = (f - f.mean(0)) / f.std(0)  # healthy
    return f


torch.manual_seed(31)
x = torch.linspace(0, 10, 200)
y = torch.sin(x) + 0.3 * x + 0.1 * torch.randn(200)
f = features(x)
goal = ((y - y.mean()) / y.std()).unsqueeze(1)
model = Poly()
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
for it in range(1, 2001):
    loss = (model(f) - goal).pow(2).mean()
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    if it % 200 == 0:
        fit = (model(f) - goal).abs().mean().item()
        print(f"iteration {it} loss {loss.item():.4f} fit error {fit:.4f}")
