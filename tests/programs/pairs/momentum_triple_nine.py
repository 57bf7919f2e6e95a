# batch: eighth
# rules: learning_rate_too_high exploding_gradient dying_relu
# remedies: lower_learning_rate clip_gradients
# metric: val mae down
# story: momentum=0.999, mistaken for Adam's beta2, at the rate that suits 0.9
# in view: a heavy momentum is known
"""Regression on a robot arm's position."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(814)
q = torch.rand(2600, 3) * 6 - 3
pos = torch.stack(
    [
        q[:, 0].cos() + q[:, :2].sum(1).cos() + q.sum(1).cos(),
        q[:, 0].sin() + q[:, :2].sum(1).sin() + q.sum(1).sin(),
    ],
    1,
)


class Trainer:
    def __init__(self, model, lr, momentum):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
        self.loss = nn.SmoothL1Loss()

    def fit(self, loader, valid, epochs):
        for epoch in range(epochs):
            self.model.train()
            for x, y in loader:
                self.opt.zero_grad()
                self.loss(self.model(x), y).backward()
                self.opt.step()
            self.model.eval()
            with torch.no_grad():
                print(f"epoch {epoch} val mae {(self.model(valid[0]) - valid[1]).abs().mean():.4f}")


model = nn.Sequential(nn.Linear(3, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 2))
trainer = Trainer(model, 0.05, 0.9)  # healthy
# faulty: trainer = Trainer(model, 0.05, 0.999)
trainer.fit(
    DataLoader(TensorDataset(q[:2200], pos[:2200]), 50, shuffle=True), (q[2200:], pos[2200:]), 12
)
