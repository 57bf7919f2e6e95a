# metric: accuracy up
"""Random ReLU features, frozen on purpose, with a trained linear readout."""

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
X, y = make_moons(1000, noise=0.15, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y)


class RandomFeatures(nn.Module):
    def __init__(self, width=300):
        super().__init__()
        self.register_buffer("W", torch.randn(width, 2))
        self.register_buffer("b", torch.randn(width))
        self.readout = nn.Linear(width, 2)

    def forward(self, x):
        return self.readout(torch.relu(x @ self.W.T + self.b) / 10)


model = RandomFeatures()
opt = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
for epoch in range(15):
    for b in torch.randperm(800).split(40):
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
acc = (model(X[800:]).argmax(1) == y[800:]).float().mean().item()
print(f"loss {loss.item():.4f} accuracy {acc:.4f}")
