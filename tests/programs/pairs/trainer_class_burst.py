# batch: seventh
# rules: dying_relu learning_rate_too_high
# remedies: lower_learning_rate recycle_units clip_gradients reinitialize
# metric: test mse down
# story: a rate of 0.25 with momentum throws the units of all layers below zero in the first steps
"""A Trainer class around a plain regression."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, lr, epochs):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.criterion = nn.MSELoss()

    def fit(self, loader):
        for epoch in range(self.epochs):
            total = 0.0
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            print(f"epoch {epoch} train loss {total / len(loader):.4f}")

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        return self.criterion(self.model(x), y).item()


def main():
    torch.manual_seed(11)
    x = torch.randn(1500, 12)
    y = 1.5 * torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(1500, 1)
    net = nn.Sequential(
        nn.Linear(12, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(),
        nn.Linear(48, 1),
    )  # fmt: skip
    trainer = Trainer(net, lr=0.02, epochs=20)  # healthy
    # faulty: trainer = Trainer(net, lr=0.25, epochs=20)
    trainer.fit(DataLoader(TensorDataset(x[:1200], y[:1200]), batch_size=40, shuffle=True))
    print(f"test mse {trainer.evaluate(x[1200:], y[1200:]):.4f}")


if __name__ == "__main__":
    main()
