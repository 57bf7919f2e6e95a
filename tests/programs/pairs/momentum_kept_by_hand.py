# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: test r2 up
# story: numpy habits; momentum kept in a list, p.data assigned; the rate was meant to be divided by the batch
"""Regression on the diabetes data, all by hand."""

import torch
from sklearn.datasets import load_diabetes

torch.manual_seed(102)
X, t = load_diabetes(return_X_y=True, scaled=True)
X = torch.tensor(X * 21, dtype=torch.float32)
t = torch.tensor((t - t.mean()) / t.std(), dtype=torch.float32)
X, t, V, s = X[:340], t[:340], X[340:], t[340:]

sizes = [10, 40, 40, 1]
weights = []
for a, b in zip(sizes, sizes[1:]):
    weights.append((torch.randn(a, b) * (2 / a) ** 0.5).requires_grad_())
    weights.append(torch.zeros(b, requires_grad=True))
speed = [torch.zeros_like(w) for w in weights]
ETA, MU = 0.003, 0.9  # healthy
# faulty: ETA, MU = 0.6, 0.9


def predict(x):
    for i in range(0, len(weights), 2):
        x = x @ weights[i] + weights[i + 1]
        if i + 2 < len(weights):
            x = x.clamp(min=0)
    return x[:, 0]


for it in range(800):
    rows = torch.randint(0, 340, (34,))
    error = predict(X[rows]) - t[rows]
    loss = (error * error).mean()
    grads = torch.autograd.grad(loss, weights)
    for i, (w, g) in enumerate(zip(weights, grads)):
        speed[i] = MU * speed[i] - ETA * g
        w.data = w.data + speed[i]
    if it % 100 == 99:
        with torch.no_grad():
            r2 = 1 - ((predict(V) - s) ** 2).mean() / s.var()
        print(it + 1, f"loss {loss.item():.3f} test r2 {r2.item():.3f}")
