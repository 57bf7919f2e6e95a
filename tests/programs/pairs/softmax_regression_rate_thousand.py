# batch: eighth
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: test loss down
# story: softmax regression from the course; alpha was in per mille and became 500
"""Softmax regression with W and b."""

import torch
from sklearn.datasets import load_digits

torch.manual_seed(813)
X, t = load_digits(return_X_y=True)
X = torch.tensor(X / 16.0, dtype=torch.float32)
t = torch.tensor(t)
W = torch.zeros(64, 10, requires_grad=True)
b = torch.zeros(10, requires_grad=True)
alpha = 0.5  # healthy
# faulty: alpha = 500
opt = torch.optim.SGD([W, b], lr=alpha)
ce = torch.nn.CrossEntropyLoss()
for epoch in range(15):
    order = torch.randperm(1400)
    for i in range(0, 1400, 100):
        rows = order[i : i + 100]
        J = ce(X[rows] @ W + b, t[rows])
        opt.zero_grad()
        J.backward()
        opt.step()
    with torch.no_grad():
        print(f"epoch {epoch} J {J:.3f} test loss {ce(X[1400:] @ W + b, t[1400:]):.3f}")
