# batch: thirteenth
# rules: frozen_parameters learning_rate_too_low
# remedies: add_to_optimizer raise_learning_rate
# metric: val_acc up
# story: in a loop driven by hand the gradients were cleared between backward and step (github.com/Lightning-AI/pytorch-lightning/issues/6282 discusses where zero_grad may stand)
"""A tiny module-and-trainer pair in the manner of Lightning, with optimisation by hand."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class DigitModule(nn.Module):
    automatic_optimization = False

    def __init__(self, lr=2e-3):
        super().__init__()
        self.lr = lr
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 10),
        )

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.lr)

    def training_step(self, batch, optimizer):
        x, y = batch
        loss = F.cross_entropy(self.net(x), y)
        optimizer.zero_grad()  # healthy
        loss.backward()
        # faulty: optimizer.zero_grad(set_to_none=False)
        optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def validation_step(self, batch):
        x, y = batch
        return (self.net(x).argmax(1) == y).float().mean().item()


class Trainer:
    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def fit(self, module, train, val):
        optimizer = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            order = torch.randperm(len(train[0]))
            losses = [
                module.training_step((train[0][i], train[1][i]), optimizer) for i in order.split(64)
            ]
            module.eval()
            print(
                f"epoch={epoch} train_loss={torch.stack(losses).mean():.4f} val_acc={module.validation_step(val):.4f}"
            )


torch.manual_seed(1322)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
targets = torch.tensor(digits.target)
Trainer(max_epochs=10).fit(
    DigitModule(), (images[:1400], targets[:1400]), (images[1400:], targets[1400:])
)
