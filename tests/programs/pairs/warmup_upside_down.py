# batch: second
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: test_accuracy up
# story: the warm-up divides where it should multiply, so the first step has two hundred times the rate
"""MLP on digits with warm-up by LambdaLR."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(77)
X, y = load_digits(return_X_y=True)
X = torch.tensor((X - X.mean()) / X.std(), dtype=torch.float32)
y = torch.tensor(y)
perm = torch.randperm(len(X))
train_idx, test_idx = perm[:1400], perm[1400:]

WARMUP = 200
mlp = nn.Sequential(
    nn.Linear(64, 128), nn.ReLU(),
    nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 10),
)  # fmt: skip
opt = torch.optim.Adam(mlp.parameters(), lr=2e-3)
warm = LambdaLR(opt, lambda s: min(1.0, (s + 1) / WARMUP))  # healthy
# faulty: warm = LambdaLR(opt, lambda s: max(1.0, WARMUP / (s + 1)))
loss_fn = nn.CrossEntropyLoss()

step = 0
while step < 700:
    for chunk in train_idx[torch.randperm(len(train_idx))].split(50):
        opt.zero_grad()
        loss = loss_fn(mlp(X[chunk]), y[chunk])
        loss.backward()
        opt.step()
        warm.step()
        step += 1
        if step % 100 == 0:
            with torch.no_grad():
                a = (mlp(X[test_idx]).argmax(1) == y[test_idx]).float().mean().item()
            print(dict(step=step, loss=round(loss.item(), 4)), f"test_accuracy={a:.4f}")
