# batch: thirteenth
# rules: learning_rate_too_low vanishing_gradient
# remedies: raise_learning_rate
# metric: ward accuracy up
# story: the scaled gradients were clipped to one before the scale was taken out again; the curve was flat (github.com/Lightning-AI/pytorch-lightning/issues/9599)
"""Which of eight wards? A trainer with loss scaling for half-precision gradients, by hand."""

import torch
from torch import nn


class LossScaler:
    def __init__(self, scale=2.0**14):
        self.scale = scale

    def backward(self, loss):
        (loss * self.scale).backward()

    def unscale_(self, params):
        for p in params:
            if p.grad is not None:
                p.grad.div_(self.scale)


class Trainer:
    def __init__(self, model, lr, max_norm=1.0):
        self.model, self.max_norm, self.scaler = model, max_norm, LossScaler()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.criterion = nn.CrossEntropyLoss()

    def training_step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        self.scaler.backward(loss)
        # faulty: nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.scaler.unscale_(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)  # healthy
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self, x, y):
        self.model.eval()
        acc = (self.model(x).argmax(1) == y).float().mean().item()
        self.model.train()
        return acc

    def fit(self, train, val, epochs):
        x, y = train
        for epoch in range(1, epochs + 1):
            losses = [self.training_step(x[i], y[i]) for i in torch.randperm(len(x)).split(64)]
            mean = sum(losses) / len(losses)
            print(f"epoch {epoch} loss {mean:.4f} ward accuracy {self.validate(*val):.4f}")


torch.manual_seed(1314)
mix = torch.randn(8, 24)
labels = torch.randint(0, 8, (3000,))
vitals = mix[labels] * (1 + 0.3 * torch.randn(3000, 1)) + 0.9 * torch.randn(3000, 24)
net = nn.Sequential(
    nn.Linear(24, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 8),
)
Trainer(net, lr=0.05).fit((vitals[:2400], labels[:2400]), (vitals[2400:], labels[2400:]), 12)
