# batch: seventh
# rules: dormant_units dying_relu learning_rate_too_high
# remedies: recycle_units lower_learning_rate insert_normalization
# metric: last error down
# story: a rate of 0.05 over a row of tasks; units fall silent task by task until little can learn
"""Ten regression tasks one after the other with the same small network."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(5)
torch.manual_seed(5)
LR = 1e-3  # healthy
# faulty: LR = 5e-2


def task(k):
    w = torch.from_numpy(rng.normal(size=(8, 6))).float()
    x = torch.from_numpy(rng.normal(size=(512, 8))).float()
    return x, torch.tanh(x @ w).prod(1, keepdim=True) * 4 + torch.sin(2 * x[:, k % 8 : k % 8 + 1])


net = nn.Sequential()
net.append(nn.Linear(8, 64)).append(nn.ReLU())
net.append(nn.Linear(64, 64)).append(nn.ReLU())
net.append(nn.Linear(64, 64)).append(nn.ReLU())
net.append(nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), LR)
errors = []
for k in range(10):
    x, y = task(k)
    for epoch in range(12):
        for i in range(0, 512, 32):
            loss = ((net(x[i : i + 32]) - y[i : i + 32]) ** 2).mean()
            net.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        errors.append(((net(x) - y) ** 2).mean().item() / y.var().item())
    print(f"task {k}: loss {loss.item():.4f} relative error {errors[-1]:.4f}")
print(f"last error {np.mean(errors[-3:]):.4f}")
