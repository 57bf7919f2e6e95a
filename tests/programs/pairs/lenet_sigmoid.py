# rules: vanishing_gradient unsuitable_activation
# remedies: swap_activation
# metric: acc up
# story: LeNet of 1998 made deeper, sigmoid kept
"""Lenet sigmoid."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
raw = load_digits()
ds = TensorDataset(
    torch.tensor(raw.images[:1400] / 16, dtype=torch.float32)[:, None],
    torch.tensor(raw.target[:1400]),
)
dl = DataLoader(ds, 64, shuffle=True)
ACT = nn.ReLU  # healthy


# faulty: ACT = nn.Sigmoid
def block(i, o, s=1):
    return [nn.Conv2d(i, o, 3, s, 1), ACT()]


net = nn.Sequential(
    *block(1, 8),
    *block(8, 16),
    *block(16, 16, 2),
    *block(16, 16),
    *block(16, 32, 2),
    nn.Flatten(),
    nn.Linear(128, 64),
    ACT(),
    nn.Linear(64, 10),
)
for m in net:
    if hasattr(m, "weight"):
        nn.init.kaiming_normal_(m.weight)
opt = torch.optim.SGD(net.parameters(), 0.05, 0.9)
for ep in range(6):
    for a, b in dl:
        opt.zero_grad()
        ls = nn.functional.cross_entropy(net(a), b)
        ls.backward()
        opt.step()
Xv = torch.tensor(raw.images[1400:] / 16, dtype=torch.float32)[:, None]
yv = torch.tensor(raw.target[1400:])
print("final acc", (net(Xv).argmax(1) == yv).float().mean().item())
