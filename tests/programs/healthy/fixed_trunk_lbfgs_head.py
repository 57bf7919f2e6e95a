# batch: fourteenth
# metric: val accuracy up
"""A trunk of random convolutions that never learns, and a head fitted to it by L-BFGS."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1458)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(x))


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 64, 5, padding=2)
        self.requires_grad_(False)

    def forward(self, x):
        return F.max_pool2d(F.relu(self.conv(x - 0.3) - 0.25), 2).flatten(1)


trunk, head = Trunk(), nn.Linear(64 * 16, 10)
nn.init.zeros_(head.weight)
train, held = order[:900], order[900:]
optimizer = torch.optim.LBFGS(head.parameters(), lr=1, max_iter=5, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = F.cross_entropy(head(trunk(x[train])), y[train])
    loss = loss + 1e-4 * head.weight.square().sum()
    loss.backward()
    return loss


for outer in range(1, 9):
    loss = optimizer.step(closure)
    with torch.no_grad():
        right = (head(trunk(x[held])).argmax(1) == y[held]).float().mean().item()
    print(f"outer {outer} loss {loss.item():.4f} val accuracy {right:.4f}")
