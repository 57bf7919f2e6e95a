# metric: test accuracy up
"""Fine-tune a trained classifier at a small rate: it starts good and moves little."""

import copy

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
base = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 10))


def fit(model, data, lr, steps):
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    for step in range(steps):
        i = torch.randint(0, 1300, (64,))
        loss = nn.functional.cross_entropy(model(data[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")


def accuracy(model, data):
    with torch.no_grad():
        return (model(data[1300:]).argmax(1) == y[1300:]).float().mean().item()


fit(base, X, 3e-3, 250)
shifted = (X + 0.15 * torch.randn_like(X)).clamp(0, 1)
print(f"before test accuracy {accuracy(base, shifted):.4f}")
tuned = copy.deepcopy(base)
fit(tuned, shifted, 1e-4, 200)
print(f"after test accuracy {accuracy(tuned, shifted):.4f}")
