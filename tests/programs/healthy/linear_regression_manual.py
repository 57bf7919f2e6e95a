# metric: r2 up
"""Linear regression by hand-written gradient descent with lr 0.5."""

import torch
from sklearn.datasets import load_diabetes

x, y = load_diabetes(return_X_y=True)
x = torch.tensor(x, dtype=torch.float32) * 21
y = torch.tensor(y, dtype=torch.float32)
y = (y - y.mean()) / y.std()
w = torch.zeros(10, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(200):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= 0.1 * p.grad
            p.grad.zero_()
    if step % 40 == 0:
        print(f"step {step} loss {loss.item():.4f}")
print("r2", 1 - loss.item() / y.var().item())
