# batch: eleventh
# in view: gradients that are never cleared are seen, and cleared
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients insert_normalization
# metric: val_accuracy up
# story: a training class with hooks lost its call of zero_grad in a tidying; the third of the most common mistakes in a well-known list (x.com/karpathy/status/1013244313327681536)
"""A convolutional net for digits, trained by a class with callbacks."""

import torch
from sklearn.datasets import load_digits
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split


class History:
    def __init__(self):
        self.rows = []

    def on_epoch_end(self, trainer, logs):
        self.rows.append(logs)
        print(" ".join(f"{k}={v:.4f}" for k, v in logs.items()))


class Trainer:
    def __init__(self, model, loss, optimizer, callbacks=()):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.callbacks = callbacks

    def training_step(self, batch):
        x, y = batch
        loss = self.loss(self.model(x), y)
        self.optimizer.zero_grad()  # healthy
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validation_step(self, batch):
        x, y = batch
        return (self.model(x).argmax(1) == y).float().mean().item()

    def fit(self, train, val, epochs):
        for epoch in range(epochs):
            self.model.train()
            losses = [self.training_step(b) for b in train]
            self.model.eval()
            scores = [self.validation_step(b) for b in val]
            logs = {
                "epoch": epoch,
                "loss": sum(losses) / len(losses),
                "val_accuracy": sum(scores) / len(scores),
            }
            for c in self.callbacks:
                c.on_epoch_end(self, logs)


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


if __name__ == "__main__":
    torch.manual_seed(1121)
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X, dtype=torch.float32) / 16
    data = TensorDataset(X, torch.tensor(y))
    train, val = random_split(data, [1497, 300])
    model = build()
    trainer = Trainer(
        model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), [History()]
    )
    trainer.fit(DataLoader(train, 32, shuffle=True), DataLoader(val, 100), epochs=8)
