# batch: ninth
# in view: gradients that nothing uses, and updates that are not written back
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: mse down
# story: p = p - lr * p.grad in a loop over the weights gives the name a new tensor and leaves the weight as it was
"""A net of bare tensors and a plain update."""

import torch

torch.manual_seed(922)
x = torch.linspace(-2, 2, 400).unsqueeze(1)
y = torch.cos(2 * x) * x
w1 = torch.randn(1, 40).requires_grad_()
b1 = torch.zeros(40, requires_grad=True)
w2 = (torch.randn(40, 40) / 40**0.5).requires_grad_()
b2 = torch.zeros(40, requires_grad=True)
w3 = (torch.randn(40, 1) / 40**0.5).requires_grad_()
b3 = torch.zeros(1, requires_grad=True)
weights = [w1, b1, w2, b2, w3, b3]
lr = 0.05


def net(x):
    h = torch.tanh(x @ w1 + b1)
    h = torch.tanh(h @ w2 + b2)
    return h @ w3 + b3


for step in range(1500):
    batch = torch.randint(0, 400, (64,))
    loss = (net(x[batch]) - y[batch]).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for p in weights:
            g = p.grad.clone()
            p.grad.zero_()
            p -= lr * g  # healthy
            # faulty: p = p - lr * g
    if step % 300 == 299:
        with torch.no_grad():
            print("step", step + 1, "mse", (net(x) - y).pow(2).mean().item())
