# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: accuracy up
# story: lr=1e-5 copied from a fine-tuning recipe for Adam, used with SGD from scratch
"""MLP, SGD, digits."""

import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32).div(16).sub(0.3).div(0.38)
y = torch.tensor(digits.target)
train_loader = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(X[1400:], y[1400:]), batch_size=200)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(64, 80)
        self.fc2 = nn.Linear(80, 40)
        self.fc3 = nn.Linear(40, 10)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x)))
        x = torch.relu(self.fc2(x))
        return torch.log_softmax(self.fc3(x), dim=1)


def train(model, optimizer, epoch):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
    print(f"Train Epoch: {epoch} Loss: {loss.item():.6f}")


def test(model):
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            correct += model(data).argmax(1).eq(target).sum().item()
    print(f"Test set: Accuracy: {correct / len(test_loader.dataset):.4f}\n")


def main():
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=5e-2)  # healthy
    # faulty: optimizer = optim.SGD(model.parameters(), lr=1e-5)
    for epoch in range(1, 7):
        train(model, optimizer, epoch)
        test(model)


if __name__ == "__main__":
    main()
