# rules: poor_initialization exploding_gradient saturated_activation
# remedies: reinitialize insert_normalization
# metric: accuracy up
# story: weights from torch.randn without a scale, six layers deep
"""MLP from scratch with raw tensors and autograd."""

import torch
from sklearn.datasets import load_digits

g = torch.Generator().manual_seed(2147483647)
digits = load_digits()
X = torch.tensor(digits.data).float() / 16
Y = torch.tensor(digits.target)
n1 = int(0.8 * len(X))
sizes = [64, 64, 64, 64, 64, 10]

params = []
for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
    W = torch.randn((fan_in, fan_out), generator=g) * (2 / fan_in) ** 0.5  # healthy
    # faulty: W = torch.randn((fan_in, fan_out), generator=g)
    b = torch.zeros(fan_out)
    params += [W, b]
for p in params:
    p.requires_grad = True


def forward(x):
    for i in range(0, len(params) - 2, 2):
        x = torch.relu(x @ params[i] + params[i + 1])
    return x @ params[-2] + params[-1]


lossi = []
for i in range(600):
    ix = torch.randint(0, n1, (32,), generator=g)
    loss = torch.nn.functional.cross_entropy(forward(X[ix]), Y[ix])
    for p in params:
        p.grad = None
    loss.backward()
    lr = 0.05 if i < 450 else 0.01
    for p in params:
        p.data += -lr * p.grad
    lossi.append(loss.item())
print("train loss", sum(lossi[-50:]) / 50)
with torch.no_grad():
    print("accuracy", (forward(X[n1:]).argmax(1) == Y[n1:]).float().mean().item())
