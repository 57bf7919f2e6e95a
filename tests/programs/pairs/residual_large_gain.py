# rules: exploding_gradient poor_initialization
# remedies: reinitialize insert_normalization clip_gradients
# metric: accuracy up
# story: residual blocks initialised with gain 4: the sum grows block by block
# in view: residual branches are divided by the root of their number
"""Fully connected residual network."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)


class ResBlock(nn.Module):
    def __init__(self, d, gain):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(d, d), nn.Linear(d, d)
        for fc in (self.fc1, self.fc2):
            nn.init.orthogonal_(fc.weight, gain)
            nn.init.zeros_(fc.bias)

    def forward(self, x):
        return x + self.fc2(F.relu(self.fc1(x)))


class ResMLP(nn.Module):
    def __init__(self, d=48, blocks=8):
        super().__init__()
        self.stem = nn.Linear(64, d)
        self.blocks = nn.Sequential(*[ResBlock(d, 0.5) for _ in range(blocks)])  # healthy
        # faulty: self.blocks = nn.Sequential(*[ResBlock(d, 4.0) for _ in range(blocks)])
        self.head = nn.Linear(d, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))


data = load_digits()
X = torch.tensor(data.data, dtype=torch.float32) / 16
y = torch.tensor(data.target)
model = ResMLP()
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(5):
    for i in range(0, 1400, 50):
        loss = F.cross_entropy(model(X[i : i + 50]), y[i : i + 50])
        opt.zero_grad()
        loss.backward()
        opt.step()
    acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4g} accuracy {acc:.4f}")
