# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: accuracy up
# story: zero_grad stands between backward and step
"""CNN on digits with an Engine class."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Engine:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
        self.loss = nn.CrossEntropyLoss()

    def step(self, x, y):
        out = self.model(x)
        loss = self.loss(out, y)
        self.opt.zero_grad()  # healthy
        loss.backward()
        # faulty: self.opt.zero_grad(set_to_none=False)
        self.opt.step()
        return loss.item()


torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32)[:, None] / 8 - 1
y = torch.tensor(d.target)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(16 * 9, 10),
)
engine = Engine(model, 0.02)
for epoch in range(4):
    losses = [engine.step(x[i : i + 30], y[i : i + 30]) for i in range(0, 1500, 30)]
    with torch.no_grad():
        accuracy = (model(x[1500:]).argmax(1) == y[1500:]).float().mean().item()
    print(f"epoch {epoch} mean loss {sum(losses) / len(losses):.4f} accuracy {accuracy:.4f}")
