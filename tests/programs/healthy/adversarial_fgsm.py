# metric: robust accuracy up
"""Adversarial training with FGSM."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)


def fgsm(x, t, eps=0.08):
    x = x.clone().requires_grad_(True)
    grad = torch.autograd.grad(F.cross_entropy(net(x), t), x)[0]
    return (x + eps * grad.sign()).clamp(0, 1).detach()


for epoch in range(6):
    for b in torch.randperm(1400).split(50):
        adv = fgsm(X[b], y[b])
        loss = 0.5 * (F.cross_entropy(net(X[b]), y[b]) + F.cross_entropy(net(adv), y[b]))
        opt.zero_grad()
        loss.backward()
        opt.step()
    acc = (net(fgsm(X[1400:], y[1400:])).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} robust accuracy {acc:.4f}")
