# batch: tenth
# in view: an output may be sure without having learnt
# rules: saturated_activation vanishing_gradient
# remedies: swap_activation insert_normalization reinitialize
# metric: precision up
# story: hashing by continuation (HashNet, Cao et al. 2017) makes the tanh steeper stage by stage; here the schedule was switched off and the last steepness is there from the first step
"""Sixteen-bit codes for the digits, so that like digits have like codes."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1004)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
order = torch.randperm(len(x))
x, y = x[order], y[order]


class Hash(nn.Module):
    def __init__(self, bits=16):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 64), nn.ReLU())
        self.bits = nn.Linear(64, bits)
        self.beta = 1.0

    def forward(self, x):
        return torch.tanh(self.beta * self.bits(self.features(x)))

    def codes(self, x):
        return self.bits(self.features(x)).sign()


def pairwise(code, label):
    alike = (label[:, None] == label[None]).float()
    dot = 0.5 * code @ code.t()
    each = F.softplus(dot) - alike * dot
    weight = alike * (1 / alike.mean() - 1) + (1 - alike)
    return (each * weight).mean()


def precision(model, k=50):
    with torch.no_grad():
        base, query = model.codes(x[:1400]), model.codes(x[1400:])
        near = (query @ base.t()).topk(k, 1).indices
        return (y[:1400][near] == y[1400:, None]).float().mean().item()


model = Hash()
opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
for epoch in range(12):
    model.beta = min(1.0 + epoch, 10.0)  # healthy
    # faulty: model.beta = 200.0
    for rows in torch.randperm(1400).split(70):
        loss = pairwise(model(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f} precision {precision(model):.4f}")
