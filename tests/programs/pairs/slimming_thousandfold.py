# batch: ninth
# rules: dormant_units dying_relu vanishing_gradient
# remedies: recycle_units reinitialize
# metric: test accuracy up
# story: network slimming (Liu et al. 2017) pulls the scales of batch norm towards zero with 1e-4; the sparsity argument of the script was 0.3
"""Train with a sparsity pull on the channel scales, to prune later."""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--s", type=float, default=1e-4)  # healthy
# faulty: ap.add_argument("--s", type=float, default=0.3)
ap.add_argument("--epochs", type=int, default=8)
ap.add_argument("--lr", type=float, default=0.05)
args = ap.parse_args()

torch.manual_seed(909)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 8, 8)
X = (X - X.mean()) / X.std()
y = torch.tensor(y)
shuffled = torch.randperm(len(X))
X, y = X[shuffled], y[shuffled]


def unit(i, o):
    return [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]


model = nn.Sequential(
    *unit(1, 24), *unit(24, 32), nn.MaxPool2d(2), *unit(32, 48), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(48 * 4, 10),
)  # fmt: skip
opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-4)
norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
for epoch in range(args.epochs):
    model.train()
    for idx in torch.randperm(1400).split(50):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[idx]), y[idx])
        loss.backward()
        for m in norms:
            m.weight.grad.add_(args.s * torch.sign(m.weight.detach()))
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch + 1}: loss {loss.item():.3f}, test accuracy {acc:.3f}")
