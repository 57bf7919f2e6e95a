# batch: sixth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: Test Accuracy up
# story: scheduler.step() of a StepLR by epochs slipped into the loop over batches: after forty batches the rate is a ten-thousandth
"""Digits with a small CNN, the usual script."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.log_softmax(self.fc(x.flatten(1)), dim=1)


def train(model, loader, optimizer, scheduler, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(loader):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        # faulty: scheduler.step()
    print("Train Epoch: {} Loss: {:.6f}".format(epoch, loss.item()))


def test(model, data, target):
    model.eval()
    with torch.no_grad():
        pred = model(data).argmax(1)
    print("Test Accuracy: {:.2f}%".format(100.0 * (pred == target).float().mean()))


torch.manual_seed(1)
d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)
train_loader = DataLoader(TensorDataset(X[:1437], y[:1437]), batch_size=64, shuffle=True)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
for epoch in range(1, 11):
    train(model, train_loader, optimizer, scheduler, epoch)
    scheduler.step()  # healthy
    test(model, X[1437:], y[1437:])
