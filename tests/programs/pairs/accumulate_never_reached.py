# batch: sixth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val_acc up
# story: gradients are accumulated over 32 batches, an epoch has 22 and begins with zero_grad: the optimizer never steps
"""Accumulate gradients to train with a big effective batch on a small machine."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F


@dataclass
class Config:
    batch_size: int = 64
    accumulation: int = 4  # healthy
    # faulty: accumulation: int = 32
    epochs: int = 12
    lr: float = 3e-3


class Trainer:
    def __init__(self, config):
        self.config = config
        x, y = load_digits(return_X_y=True)
        self.x, self.y = torch.from_numpy(x).float() / 16, torch.from_numpy(y)
        self.model = nn.Sequential(nn.Linear(64, 96), nn.GELU(), nn.Dropout(0.1), nn.Linear(96, 10))
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=config.lr)

    def epoch(self):
        self.model.train()
        self.opt.zero_grad()
        losses = []
        for i, rows in enumerate(torch.randperm(1400).split(self.config.batch_size)):
            loss = F.cross_entropy(self.model(self.x[rows]), self.y[rows])
            (loss / self.config.accumulation).backward()
            losses.append(loss.item())
            if (i + 1) % self.config.accumulation == 0:
                self.opt.step()
                self.opt.zero_grad()
        return sum(losses) / len(losses)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return (self.model(self.x[1400:]).argmax(1) == self.y[1400:]).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(42)
    trainer = Trainer(Config())
    for e in range(trainer.config.epochs):
        train_loss = trainer.epoch()
        print(f"epoch {e} train_loss {train_loss:.4f} val_acc {trainer.validate():.4f}")
