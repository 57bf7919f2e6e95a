# rules: vanishing_gradient saturated_activation unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: accuracy up
# story: the classic: eight sigmoid layers, accuracy stuck at chance
# in view: vanishing_gradient counts a classifier that still guesses
"""How deep can we go?"""

from functools import reduce

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X = torch.as_tensor((X - X.mean()) / X.std(), dtype=torch.float32)
y = torch.as_tensor(y)
train_x, train_y, valid_x, valid_y = X[:1300], y[:1300], X[1300:], y[1300:]
WIDTH, DEPTH = 48, 8


def block():
    return [nn.Linear(WIDTH, WIDTH), nn.ReLU()]  # healthy
    # faulty: return [nn.Linear(WIDTH, WIDTH), nn.Sigmoid()]


layers = [nn.Linear(64, WIDTH)] + reduce(lambda a, _: a + block(), range(DEPTH), [])
model = nn.Sequential(*layers, nn.Linear(WIDTH, 10))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    for i in range(0, len(train_x), 50):
        xb, yb = train_x[i : i + 50], train_y[i : i + 50]
        loss = nn.functional.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        accuracy = model(valid_x).argmax(1).eq(valid_y).float().mean().item()
    print(f"{epoch:3d} loss={loss.item():.3f} accuracy={accuracy:.3f}")
