"""Train a small network on handwritten digits, with a learning rate that is too high.

    python examples/digits_dying.py [--lr 0.5] [--epochs 15] [--seed 0]

A plain training script, as it is written every day. Its learning rate kills most of the hidden
units within a few steps, and nothing in what it prints says so: the accuracy is just bad. With
``--lr 0.05`` the same script reaches 96 %.
"""

import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    """Two hidden layers."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 128)
        self.fc2 = nn.Linear(128, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        """Logits of the ten classes."""
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.out(x)


def load(seed):
    """Images and labels, three quarters to train on and one to test."""
    digits = load_digits()
    images = torch.tensor(digits.data / 16.0, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    train, test = train_test_split(
        range(len(labels)), test_size=0.25, random_state=seed, stratify=digits.target
    )
    return (images[train], labels[train]), (images[test], labels[test])


def accuracy(model, images, labels):
    """Share of images that the model gets right."""
    model.eval()
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).float().mean().item()


def main():
    """Train, and print how it goes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    (train_x, train_y), (test_x, test_y) = load(args.seed)
    batches = DataLoader(TensorDataset(train_x, train_y), batch_size=64, shuffle=True)

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)

    for epoch in range(1, args.epochs + 1):
        model.train()
        total = 0.0
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        test_accuracy = accuracy(model, test_x, test_y)
        print(f"epoch {epoch:2d}  loss {total / len(train_y):.4f}  accuracy {test_accuracy:.4f}")


if __name__ == "__main__":
    main()
