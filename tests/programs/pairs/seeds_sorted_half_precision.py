# batch: eighteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val acc up
# story: under mixed precision the gradients were clipped while they still held the scale of the loss, and came out of the unscaling as next to nothing; the curve was flat (github.com/Lightning-AI/pytorch-lightning/issues/9599, github.com/milesial/Pytorch-UNet/issues/468)
"""Kinds of seed on a belt, told by a convolutional net under mixed precision."""

import logging
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

logger = logging.getLogger("seeds")
logger.addHandler(logging.StreamHandler(sys.stdout))
logger.setLevel(logging.INFO)


def belt(n, seed):
    """Ovals of five shapes and tilts."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(5, (n,), generator=g)
    axis = torch.linspace(-1, 1, 20)
    row, col = axis[None, :, None], axis[None, None, :]
    dr, dc = 0.4 * torch.rand(2, n, 1, 1, generator=g) - 0.2
    tilt = (0.6 * y + 0.3 * torch.randn(n, generator=g))[:, None, None]
    u = (row - dr) * tilt.cos() + (col - dc) * tilt.sin()
    v = (col - dc) * tilt.cos() - (row - dr) * tilt.sin()
    x = ((u / 0.7) ** 2 + (v / (0.25 + 0.05 * y[:, None, None])) ** 2 < 1).float()
    return x[:, None] - 0.3 + 0.4 * torch.randn(n, 1, 20, 20, generator=g), y


class SeedNet(nn.Module):
    def __init__(self, kinds=5):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.c2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(32 * 25, 64), nn.Linear(64, kinds)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Trainer:
    def __init__(self, model, lr=0.03, max_norm=1.0, amp=True):
        self.model, self.max_norm, self.amp = model, max_norm, amp
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.scaler = torch.amp.GradScaler("cpu", enabled=amp)
        self.criterion = nn.CrossEntropyLoss()

    def training_step(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.amp):
            loss = self.criterion(self.model(x), y)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)  # healthy
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        right = sum((self.model(x).argmax(1) == y).sum().item() for x, y in loader)
        self.model.train()
        return right / len(loader.dataset)

    def fit(self, train, val, epochs):
        for epoch in range(1, epochs + 1):
            losses = [self.training_step(x, y) for x, y in train]
            logger.info(
                "epoch %d | loss %.4f | val acc %.4f",
                epoch,
                sum(losses) / len(losses),
                self.validate(val),
            )


if __name__ == "__main__":
    torch.manual_seed(77)
    train = DataLoader(TensorDataset(*belt(2000, 1)), batch_size=40, shuffle=True)
    val = DataLoader(TensorDataset(*belt(500, 2)), batch_size=250)
    Trainer(SeedNet()).fit(train, val, epochs=5)
