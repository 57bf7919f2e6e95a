# batch: seventh
# metric: accuracy up
"""A base trained on one task, frozen, and LoRA adapters trained for another."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class LoRALinear(nn.Module):
    def __init__(self, base, r=4, alpha=8):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad = False
        self.A = nn.Parameter(torch.empty(r, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.A), self.B) * self.scaling


torch.manual_seed(8)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)
net = nn.Sequential(nn.Linear(64, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, 10))


def train(params, inputs, labels, epochs, lr):
    opt = torch.optim.AdamW(params, lr=lr, weight_decay=0.0)
    for epoch in range(epochs):
        for i in torch.randperm(1400).split(50):
            loss = F.cross_entropy(net(inputs[i]), labels[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return loss.item()


print("base", round(train(net.parameters(), X, y, 6, 2e-3), 4))
flipped = X.view(-1, 8, 8).transpose(1, 2).flatten(1)
for k in (0, 2, 4):
    net[k] = LoRALinear(net[k])
adapters = [p for p in net.parameters() if p.requires_grad]
print("trainable", sum(p.numel() for p in adapters))
for phase in range(3):
    loss = train(adapters, flipped, y, 4, 4e-3)
    with torch.no_grad():
        acc = (net(flipped[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"phase {phase} loss {loss:.4f} accuracy {acc:.4f}")
