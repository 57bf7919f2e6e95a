# metric: adapted mse down
"""MAML on sine waves: inner steps by hand with functional_call, outer Adam."""

import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
meta = torch.optim.Adam(net.parameters(), lr=2e-3)


def task():
    a, p = 0.5 + 2 * torch.rand(1), 3 * torch.rand(1)
    x = torch.rand(20, 1) * 6 - 3
    return x, a * torch.sin(x + p)


def adapted(x, y):
    params = dict(net.named_parameters())
    loss = nn.functional.mse_loss(functional_call(net, params, (x,)), y)
    grads = torch.autograd.grad(loss, params.values(), create_graph=True)
    return {k: p - 0.02 * g for (k, p), g in zip(params.items(), grads)}


for it in range(150):
    total = 0.0
    for _ in range(4):
        x, y = task()
        fast = adapted(x[:10], y[:10])
        total = total + nn.functional.mse_loss(functional_call(net, fast, (x[10:],)), y[10:]) / 4
    meta.zero_grad()
    total.backward()
    meta.step()
    if it % 30 == 29:
        print(f"iteration {it + 1} meta loss {total.item():.4f}")
errors = []
for _ in range(30):
    x, y = task()
    errors.append(
        nn.functional.mse_loss(
            functional_call(net, adapted(x[:10], y[:10]), (x[10:],)), y[10:]
        ).item()
    )
print("adapted mse", sum(errors) / len(errors))
