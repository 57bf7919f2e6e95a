# batch: fifteenth
# rules: vanishing_gradient poor_initialization
# remedies: reinitialize insert_normalization
# metric: val accuracy up
# story: eighteen plain layers with ReLU, the framework's own initialisation and no normalisation: the signal fades on its way and the loss stays at ln 7 (arxiv.org/abs/1502.01852)
"""Kinds of forest from maps of soil and height; made-up tables of that shape."""

import torch
import torch.nn as nn

torch.manual_seed(3)
N, FEATURES, CLASSES = 5000, 24, 7
X = torch.randn(N, FEATURES)
teacher = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh(), nn.Linear(32, CLASSES))
with torch.no_grad():
    y = (teacher(2 * X) * 4).argmax(1)
X_train, y_train, X_val, y_val = X[:4000], y[:4000], X[4000:], y[4000:]


def make_model(depth=18, width=64):
    layers = [nn.Linear(FEATURES, width), nn.ReLU()]
    for _ in range(depth - 2):
        layers.append(nn.Linear(width, width))
        layers.append(nn.BatchNorm1d(width))  # healthy
        layers.append(nn.ReLU())
    layers.append(nn.Linear(width, CLASSES))
    return nn.Sequential(*layers)


model = make_model()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
for epoch in range(1, 11):
    model.train()
    losses = []
    for idx in torch.randperm(len(X_train)).split(100):
        loss = criterion(model(X_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = (model(X_val).argmax(1) == y_val).float().mean().item()
    print(
        "epoch %d | train loss %.4f | val accuracy %.4f" % (epoch, sum(losses) / len(losses), acc)
    )
