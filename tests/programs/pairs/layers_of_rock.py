# batch: sixteenth
# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: val f1 up
# story: a deep plain convolutional net without normalisation, weights as the framework draws them, kept its loss at the logarithm of the number of classes (arxiv.org/abs/1502.01852; discuss.pytorch.org, deep net without batchnorm does not learn)
"""Layers of rock along a bore hole: fourteen convolutions in one dimension, functions only."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def make_model(depth=14, width=24, kinds=4):
    layers = []
    for i in range(depth):
        layers += [nn.Conv1d(2 if i == 0 else width, width, 3, padding=1), nn.ReLU()]
    layers.append(nn.Conv1d(width, kinds, 1))
    model = nn.Sequential(*layers)
    for m in model:  # healthy
        if isinstance(m, nn.Conv1d):  # healthy
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")  # healthy
            nn.init.zeros_(m.bias)  # healthy
    return model


def holes(n, length=64, kinds=4):
    y = torch.zeros(n, length, dtype=torch.long)
    for i in range(n):
        cuts = torch.randperm(length)[:4].sort().values.tolist()
        for a, b in zip([0, *cuts], [*cuts, length]):
            y[i, a:b] = torch.randint(kinds, (1,))
    density = torch.tensor([-1.0, -0.3, 0.3, 1.0])[y] + 0.6 * torch.randn(n, length)
    gamma = torch.tensor([0.5, -0.8, 0.8, -0.5])[y] + 0.8 * torch.randn(n, length)
    return torch.stack([density, gamma], 1), y


def f1_score(guess, y, kinds=4):
    scores = []
    for k in range(kinds):
        hit = ((guess == k) & (y == k)).sum().item()
        scores.append(2 * hit / max(1, (guess == k).sum().item() + (y == k).sum().item()))
    return sum(scores) / kinds


def run():
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*holes(800)), batch_size=20, shuffle=True)
    x_val, y_val = holes(200)
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(8):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            guess = model(x_val).argmax(1)
        print(f"{epoch}\tloss={loss.item():.3f}\tval f1={f1_score(guess, y_val):.3f}")


run()
