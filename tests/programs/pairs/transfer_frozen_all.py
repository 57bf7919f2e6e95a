# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: target accuracy up
# story: the loop that freezes the backbone ran after the new head was attached and froze it too
"""Pretrain on digits 0-4, transfer to digits 5-9."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
src, tgt = y < 5, y >= 5


class Backbone(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU())
        self.classifier = nn.Linear(48, classes)

    def forward(self, x):
        return self.classifier(self.features(x))


def fit(model, x, t, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        for i in range(0, len(x), 32):
            opt.zero_grad()
            loss = F.cross_entropy(model(x[i : i + 32]), t[i : i + 32])
            if loss.requires_grad:
                loss.backward()
                opt.step()
    return loss.item()


model = Backbone(5)
print("source loss", fit(model, X[src], y[src], 4, 2e-3))
model.classifier = nn.Linear(48, 5)
for name, p in model.named_parameters():
    p.requires_grad = name.startswith("classifier")  # healthy
    # faulty: p.requires_grad = False
xt, yt = X[tgt], y[tgt] - 5
print("transfer loss", fit(model, xt[:600], yt[:600], 6, 5e-3))
acc = (model(xt[600:]).argmax(1) == yt[600:]).float().mean().item()
print(f"target accuracy {acc:.4f}")
