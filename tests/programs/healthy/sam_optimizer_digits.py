# batch: fourth
# metric: accuracy up
"""Sharpness-aware minimisation by hand: two passes a step, an SGD underneath, weights moved and restored."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(50)


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self):
        norm = torch.norm(
            torch.stack(
                [
                    p.grad.norm()
                    for g in self.param_groups
                    for p in g["params"]
                    if p.grad is not None
                ]
            )
        )
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    e = p.grad * group["rho"] / (norm + 1e-12)
                    p.add_(e)
                    self.state[p]["e"] = e
        self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(self.state[p]["e"])
        self.base_optimizer.step()
        self.zero_grad()


data = load_digits()
X = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16 - 0.3
Y = torch.tensor(data.target)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(512, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
optimizer = SAM(model.parameters(), torch.optim.SGD, rho=0.05, lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    for b in torch.randperm(1400).split(64):
        loss = criterion(model(X[b]), Y[b])
        loss.backward()
        optimizer.first_step()
        criterion(model(X[b]), Y[b]).backward()
        optimizer.step()
    with torch.no_grad():
        print(
            f"epoch {epoch} loss {loss.item():.4f} accuracy {(model(X[1400:]).argmax(1) == Y[1400:]).float().mean().item():.4f}"
        )
