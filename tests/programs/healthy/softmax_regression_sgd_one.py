# batch: eighth
# metric: dev loss down
"""Softmax regression without any hidden layer, full batches at a rate of one."""

import torch
from sklearn.datasets import load_digits

torch.manual_seed(872)
X, t = load_digits(return_X_y=True)
X, t = torch.tensor(X / 16.0).float(), torch.tensor(t)
lin = torch.nn.Linear(64, 10)
opt = torch.optim.SGD(lin.parameters(), lr=1.0)
for epoch in range(300):
    loss = torch.nn.functional.cross_entropy(lin(X[:1300]), t[:1300])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 60 == 59:
        with torch.no_grad():
            print(
                epoch + 1,
                loss.item(),
                "dev loss",
                torch.nn.functional.cross_entropy(lin(X[1300:]), t[1300:]).item(),
            )
