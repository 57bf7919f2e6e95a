# metric: accuracy up
"""Logistic regression fitted by LBFGS; no hidden layer, no activation wanted."""

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

data = load_breast_cancer()
X = torch.tensor(StandardScaler().fit_transform(data.data), dtype=torch.float32)
y = torch.tensor(data.target, dtype=torch.float32)
torch.manual_seed(0)
perm = torch.randperm(len(X))
train, test = perm[:400], perm[400:]
w = torch.zeros(30, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
opt = torch.optim.LBFGS([w, b], lr=1, max_iter=10)


def closure():
    opt.zero_grad()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(X[train] @ w + b, y[train])
    loss = loss + 1e-3 * w.dot(w)
    loss.backward()
    return loss


for i in range(5):
    print("iteration", i, "loss", opt.step(closure).item())
print("accuracy", (((X[test] @ w + b) > 0) == (y[test] > 0)).float().mean().item())
