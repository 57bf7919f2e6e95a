# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: test mse down
# story: a hand-written update divided by the number of all samples though the loss was a mean already
"""Fit a surface with a network of bare tensors."""

import torch

torch.manual_seed(112)
N = 1024
x = torch.rand(N, 2) * 4 - 2
z = torch.sin(x[:, :1] * 2) * torch.cos(x[:, 1:]) + 0.05 * torch.randn(N, 1)
tx, tz = x[800:], z[800:]

p = {
    "w1": torch.randn(2, 64) * 0.7,
    "b1": torch.zeros(64),
    "w2": torch.randn(64, 64) * (2 / 64) ** 0.5,
    "b2": torch.zeros(64),
    "w3": torch.randn(64, 1) * 0.125,
    "b3": torch.zeros(1),
}
for t in p.values():
    t.requires_grad_(True)


def model(v):
    h = torch.relu(v @ p["w1"] + p["b1"])
    h = torch.relu(h @ p["w2"] + p["b2"])
    return h @ p["w3"] + p["b3"]


lr = 0.1
for step in range(1500):
    rows = torch.randint(0, 800, (64,))
    diff = model(x[rows]) - z[rows]
    loss = diff.pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for t in p.values():
            t -= lr * t.grad  # healthy
            # faulty: t -= lr * t.grad / N
            t.grad.zero_()
    if step % 300 == 299:
        with torch.no_grad():
            print(
                step + 1,
                "loss %.4f" % loss.item(),
                "test mse %.4f" % (model(tx) - tz).pow(2).mean(),
            )
