# batch: eighteenth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: test acc up
# story: one over the number of inputs was written with whole numbers, the deviation of the first weights was nought and every unit began alike (github.com/nlintz/TensorFlow-Tutorials/issues/83)
"""Table classifier written with plain tensors, on the wines of scikit-learn."""

import math

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(1)
x, y = load_wine(return_X_y=True)
x, xt, y, yt = train_test_split(x, y, test_size=0.35, random_state=5, stratify=y)
scaler = StandardScaler().fit(x)
x, xt = (torch.tensor(scaler.transform(a), dtype=torch.float32) for a in (x, xt))
y, yt = torch.tensor(y), torch.tensor(yt)


def init_weight(shape):
    std = 1 / shape[0]  # healthy
    # faulty: std = 1 // shape[0]
    return (std * torch.randn(shape)).requires_grad_()


hidden = 40
w1, b1 = init_weight((13, hidden)), torch.zeros(hidden, requires_grad=True)
w2, b2 = init_weight((hidden, hidden)), torch.zeros(hidden, requires_grad=True)
w3, b3 = init_weight((hidden, 3)), torch.zeros(3, requires_grad=True)
params = [w1, b1, w2, b2, w3, b3]


def model(x):
    h = torch.relu(x @ w1 + b1)
    h = torch.relu(h @ w2 + b2)
    return h @ w3 + b3


def nll(logits, y):
    return (torch.logsumexp(logits, 1) - logits[torch.arange(len(y)), y]).mean()


lr, batch = 0.1, 16
velocity = [torch.zeros_like(p) for p in params]
for epoch in range(60):
    order = np.random.RandomState(epoch).permutation(len(x))
    for i in range(math.ceil(len(x) / batch)):
        rows = order[i * batch : (i + 1) * batch]
        loss = nll(model(x[rows]), y[rows])
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, v, g in zip(params, velocity, grads):
                v.mul_(0.9).add_(g)
                p.sub_(lr * v)
    if epoch % 12 == 11:
        with torch.no_grad():
            acc = (model(xt).argmax(1) == yt).float().mean().item()
            held = nll(model(xt), yt).item()
        print(
            "epoch",
            epoch + 1,
            "loss",
            f"{loss.item():.4f}",
            "test loss",
            f"{held:.4f}",
            "test acc",
            f"{acc:.4f}",
        )
