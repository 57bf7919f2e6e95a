# metric: confidence up
"""Train a net, then freeze it and optimise an input image (activation maximisation)."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 10))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(250):
    b = torch.randint(0, len(X), (64,))
    loss = nn.functional.cross_entropy(net(X[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
print("train loss", loss.item())
net.eval().requires_grad_(False)
image = torch.full((1, 64), 0.5, requires_grad=True)
opt = torch.optim.Adam([image], lr=0.05)
for step in range(100):
    logits = net(image.clamp(0, 1))
    loss = nn.functional.cross_entropy(logits, torch.tensor([7])) + 0.01 * image.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print("confidence", logits.softmax(1)[0, 7].item())
