# batch: sixth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: accuracy up
# story: a functional rewrite with grad and functional_call, its update by hand at a rate of 3
"""Functional training, as in JAX: parameters in, parameters out."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.func import functional_call, grad_and_value

torch.manual_seed(39)
data, labels = load_digits(return_X_y=True)
data = torch.tensor(data, dtype=torch.float32) / 8 - 1
labels = torch.tensor(labels)

net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
params = {k: v.detach() for k, v in net.named_parameters()}


def loss_fn(params, x, y):
    return nn.functional.cross_entropy(functional_call(net, params, (x,)), y)


RATE = 0.1  # healthy
# faulty: RATE = 3.0


def update(params, x, y):
    grads, value = grad_and_value(loss_fn)(params, x, y)
    return {k: p - RATE * grads[k] for k, p in params.items()}, value


for i in range(400):
    rows = torch.randint(0, 1400, (64,))
    params, value = update(params, data[rows], labels[rows])
    if i % 100 == 0:
        print(i, value.item())
hits = functional_call(net, params, (data[1400:],)).argmax(1) == labels[1400:]
print("accuracy", hits.float().mean().item())
