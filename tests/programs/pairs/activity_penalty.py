# rules: dormant_units dying_relu
# remedies: recycle_units swap_activation insert_normalization
# metric: accuracy up
# story: an activity penalty meant to be 1e-4 was set to 1: nearly all units are silenced
"""Classifier with a sparse hidden code."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)


class SparseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(64, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        code = F.relu(self.enc(x))
        return self.out(code), code


X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = SparseNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
penalty = 1e-4  # healthy
# faulty: penalty = 1.0
for epoch in range(8):
    for idx in torch.randperm(1400).split(40):
        logits, code = net(X[idx])
        loss = F.cross_entropy(logits, y[idx]) + penalty * code.abs().sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(X[1400:])[0].argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
