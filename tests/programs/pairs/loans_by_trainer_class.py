# batch: fifteenth
# rules: learning_rate_too_high dying_relu exploding_gradient
# remedies: lower_learning_rate
# metric: val_logloss down
# story: the rate of SGD was kept when the optimiser became RMSprop, whose steps do not shrink with the gradient (stats.stackexchange.com; asked of adaptive optimisers)
"""Whether a loan is paid back; a trainer with early stopping left out."""

import json
from dataclasses import dataclass, field

import torch
import torch.nn as nn


@dataclass
class TrainConfig:
    optimizer: str = "RMSprop"
    lr: float = 0.001  # healthy
    # faulty: lr: float = 0.1
    epochs: int = 12
    batch_size: int = 64
    widths: list = field(default_factory=lambda: [64, 64, 32])


class Net(nn.Module):
    def __init__(self, inputs, widths):
        super().__init__()
        self.hidden = nn.ModuleList()
        for w in widths:
            self.hidden.append(nn.Linear(inputs, w))
            inputs = w
        self.head = nn.Linear(inputs, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu_(layer(x))
        return self.head(x).squeeze(-1)


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = getattr(torch.optim, cfg.optimizer)(model.parameters(), lr=cfg.lr)
        self.history = []

    def train_epoch(self, x, y):
        self.model.train()
        total = 0.0
        for rows in torch.randperm(len(x)).split(self.cfg.batch_size):
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x[rows]), y[rows])
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(rows)
        return total / len(x)

    def validate(self, x, y):
        self.model.eval()
        with torch.no_grad():
            logits = self.model(x)
        return self.criterion(logits, y).item(), ((logits > 0) == (y > 0.5)).float().mean().item()

    def fit(self, train, val):
        for epoch in range(self.cfg.epochs):
            loss = self.train_epoch(*train)
            logloss, acc = self.validate(*val)
            self.history.append(
                {"epoch": epoch, "train_loss": loss, "val_logloss": logloss, "acc": acc}
            )
            print(json.dumps(self.history[-1]))


def applications(n):
    x = torch.randn(n, 14)
    score = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) + 0.8 * x[:, 3] - 0.5 * x[:, 4].abs()
    return x, (score + 0.3 * torch.randn(n) > 0).float()


if __name__ == "__main__":
    torch.manual_seed(33)
    cfg = TrainConfig()
    Trainer(Net(14, cfg.widths), cfg).fit(applications(4000), applications(1000))
