# in view: products of a weight with samples in columns are read
# rules: unnormalized_input dying_relu learning_rate_too_high
# remedies: normalize_input lower_learning_rate
# metric: test accuracy up
# story: course notation, samples in columns, W @ X + b; the line that standardises was lost
"""Two-layer network in column notation (features by samples)."""

import torch
from sklearn.datasets import load_wine

torch.manual_seed(104)
data, target = load_wine(return_X_y=True)
order = torch.randperm(178)
A = torch.tensor(data, dtype=torch.float32)[order].T
T = torch.tensor(target)[order]
A = (A - A.mean(1, keepdim=True)) / A.std(1, keepdim=True)  # healthy
Y = torch.nn.functional.one_hot(T, 3).float().T
W1 = (torch.randn(24, 13) * (2 / 13) ** 0.5).requires_grad_()
b1 = torch.zeros(24, 1, requires_grad=True)
W2 = (torch.randn(3, 24) * (2 / 24) ** 0.5).requires_grad_()
b2 = torch.zeros(3, 1, requires_grad=True)


def forward(X):
    Z1 = W1 @ X + b1
    A1 = torch.maximum(Z1, torch.zeros_like(Z1))
    return torch.softmax(W2 @ A1 + b2, 0)


alpha = 0.3
for epoch in range(600):
    P = forward(A[:, :120])
    cost = ((P - Y[:, :120]) ** 2).sum(0).mean()
    cost.backward()
    with torch.no_grad():
        for p in (W1, b1, W2, b2):
            p -= alpha * p.grad
            p.grad = None
    if epoch % 100 == 99:
        with torch.no_grad():
            right = (forward(A[:, 120:]).argmax(0) == T[120:]).float().mean()
        print(f"{epoch + 1}: cost {cost.item():.3f}, test accuracy {right.item():.3f}")
