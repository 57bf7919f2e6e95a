# batch: tenth
# in view: a mask made of the values is an activation
# metric: accuracy up
"""Digits by layers in which only the eight strongest of 128 units speak, with boosting."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1035)


class Winners(nn.Module):
    def __init__(self, units, k):
        super().__init__()
        self.k = k
        self.register_buffer("duty", torch.full((units,), k / units))

    def forward(self, x):
        boost = torch.exp(1.5 * (self.k / x.shape[1] - self.duty)) if self.training else 1.0
        top = (x * boost).topk(self.k, 1).indices
        mask = torch.zeros_like(x).scatter(1, top, 1.0)
        if self.training:
            self.duty.mul_(0.95).add_(mask.mean(0), alpha=0.05)
        return x * mask


data = load_digits()
x, y = torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)
train = DataLoader(TensorDataset(x[:1400], y[:1400]), 32, shuffle=True)
net = nn.Sequential(
    nn.Linear(64, 128), Winners(128, 8), nn.Linear(128, 128), Winners(128, 8), nn.Linear(128, 10)
)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.8)
for epoch in range(15):
    net.train()
    for a, b in train:
        opt.zero_grad()
        F.nll_loss(F.log_softmax(net(a), 1), b).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(f"epoch {epoch} accuracy {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.4f}")
