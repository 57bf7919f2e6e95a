# batch: second
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val_acc up
# story: eps=1.0, copied from the Inception recipe, in an Adam whose gradients are a thousandth of that
"""Digits with a small CNN and a Keras-like fit()."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Trainer:
    def __init__(self, model, optimizer, loss):
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.history = []

    def fit(self, x, y, epochs, batch_size, validation):
        for epoch in range(epochs):
            self.model.train()
            order = torch.randperm(len(x))
            total = 0.0
            for i in range(0, len(x), batch_size):
                pick = order[i : i + batch_size]
                total += self._train_on_batch(x[pick], y[pick]) * len(pick)
            acc = self.evaluate(*validation)
            self.history.append(acc)
            print(f"Epoch {epoch + 1}/{epochs} - loss: {total / len(x):.4f} - val_acc: {acc:.4f}")

    def _train_on_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        return (self.model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(8)
data = load_digits()
x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1).div(8).sub(1)
y = torch.tensor(data.target)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ELU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ELU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(128, 64), nn.ELU(), nn.Linear(64, 10),
)  # fmt: skip
adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-8)  # healthy
# faulty: adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1.0)
trainer = Trainer(model, adam, nn.CrossEntropyLoss())
trainer.fit(x[:1300], y[:1300], epochs=10, batch_size=32, validation=(x[1300:], y[1300:]))
