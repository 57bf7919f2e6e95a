# batch: eighth
# metric: error down
"""The textbook: two sigmoid layers, squared error, rate 5, four rows, full batches."""

import torch

torch.manual_seed(871)
X = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
T = torch.tensor([[0.0], [1], [1], [0]])
w1 = (torch.randn(2, 4) * 1.5).requires_grad_()
b1 = torch.zeros(4, requires_grad=True)
w2 = (torch.randn(4, 1) * 1.5).requires_grad_()
b2 = torch.zeros(1, requires_grad=True)
rate = 5.0
for epoch in range(2500):
    h = torch.sigmoid(X @ w1 + b1)
    o = torch.sigmoid(h @ w2 + b2)
    E = ((o - T) ** 2).mean()
    E.backward()
    with torch.no_grad():
        for p in (w1, b1, w2, b2):
            p -= rate * p.grad
            p.grad.zero_()
    if epoch % 500 == 499:
        print("epoch", epoch + 1, "error", E.item())
