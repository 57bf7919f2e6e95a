# batch: sixth
# metric: accuracy up
"""Hinton's forward-forward: each layer has its own loss and optimizer, and sees a detached input."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(76)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float() / 16, torch.tensor(y)


def overlay(x, label):
    return torch.cat([2.0 * F.one_hot(label, 10), x], 1)


class FFLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.linear = nn.Linear(i, o)
        self.opt = torch.optim.Adam(self.parameters(), lr=0.01)

    def forward(self, x):
        return F.relu(self.linear(x / (x.pow(2).mean(1, keepdim=True).sqrt() + 1e-4)))

    def learn(self, pos, neg, threshold=2.0):
        g_pos, g_neg = self(pos).pow(2).mean(1), self(neg).pow(2).mean(1)
        loss = F.softplus(torch.cat([threshold - g_pos, g_neg - threshold])).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        with torch.no_grad():
            return loss.item(), self(pos), self(neg)


layers = [FFLayer(74, 150), FFLayer(150, 150)]
for step in range(400):
    rows = torch.randint(0, 1400, (128,))
    wrong = (y[rows] + torch.randint(1, 10, (128,))) % 10
    pos, neg = overlay(X[rows], y[rows]), overlay(X[rows], wrong)
    losses = []
    for layer in layers:
        loss, pos, neg = layer.learn(pos, neg)
        losses.append(round(loss, 4))
    if step % 100 == 99:
        print("step", step + 1, "losses", losses)
with torch.no_grad():
    good = []
    for label in range(10):
        h = overlay(X[1400:], torch.full((len(X) - 1400,), label))
        total = 0
        for layer in layers:
            h = layer(h)
            total = total + h.pow(2).mean(1)
        good.append(total)
print("accuracy", (torch.stack(good, 1).argmax(1) == y[1400:]).float().mean().item())
