# batch: sixth
# rules: non_finite unnormalized_input
# remedies: stabilize_loss normalize_input
# metric: accuracy up
# story: softmax from the formula, without taking the maximum off: exp of a logit over 88 is inf, inf / inf is NaN
"""Softmax regression with one hidden layer, everything from the formulas."""

import torch
from sklearn.datasets import load_digits

torch.manual_seed(2)
X, t = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32)
t = torch.tensor(t)
Y = torch.eye(10)[t]


def softmax(z):
    z = z - z.max(dim=1, keepdim=True).values  # healthy
    e = torch.exp(z)
    return e / e.sum(dim=1, keepdim=True)


def cross_entropy(p, y):
    return -(y * torch.log(p + 1e-12)).sum(1).mean()


theta = {
    "W1": torch.randn(64, 50) * 0.2,
    "b1": torch.zeros(50),
    "W2": torch.randn(50, 10) * 0.5,
    "b2": torch.zeros(10),
}
for v in theta.values():
    v.requires_grad_(True)


def predict(x):
    h = torch.nn.functional.leaky_relu(x @ theta["W1"] + theta["b1"])
    return softmax(h @ theta["W2"] + theta["b2"])


opt = torch.optim.SGD(theta.values(), lr=0.01)
for it in range(500):
    i = torch.randint(0, 1400, (64,))
    loss = cross_entropy(predict(X[i]), Y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 0:
        print(it, "loss", loss.item())
print("accuracy", (predict(X[1400:]).argmax(1) == t[1400:]).float().mean().item())
