# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: val acc up
# story: nn.CrossEntropyLoss on top of nn.Softmax, the most asked question of all
"""Classifier with a Trainer class."""

import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Trainer:
    def __init__(self, model, train, val, lr):
        self.model, self.train_loader, self.val_loader = model, train, val
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        self.criterion = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.model.train()
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        correct = total = 0
        for x, y in self.val_loader:
            correct += (self.model(x).argmax(1) == y).sum().item()
            total += len(y)
        return correct / total

    def fit(self, epochs):
        for epoch in range(epochs):
            loss = self.train_epoch()
            print(f"Epoch {epoch}: train loss {loss:.3f}, val acc {self.validate():.3f}")


torch.manual_seed(0)
X, y = make_classification(1500, 30, n_informative=15, n_classes=8, random_state=2)
full = TensorDataset(torch.tensor(X).float() / 3, torch.tensor(y))
train, val = random_split(full, [1200, 300])
model = nn.Sequential(
    nn.Linear(30, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 8),
    # faulty: nn.Softmax(dim=1),
)
Trainer(model, DataLoader(train, 32, shuffle=True), DataLoader(val, 100), 0.1).fit(8)
