# batch: eighth
# rules: unsuitable_output_activation
# remedies: stabilize_loss add_activation
# metric: Accuracy up
# story: the log_softmax of the example was lost, nn.NLLLoss is given raw scores: the loss falls without end and nothing is learned
"""Tiny convolutional net on digits, as in the framework's example."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from sklearn.datasets import load_digits

torch.manual_seed(806)
bunch = load_digits()
images = torch.tensor(bunch.images / 16.0, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(bunch.target)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 12, 3)
        self.conv2 = nn.Conv2d(12, 24, 3)
        self.fc = nn.Linear(96, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = self.fc(x.flatten(1))
        return F.log_softmax(x, dim=1)  # healthy
        # faulty: return x


def train(model, optimizer, epoch):
    model.train()
    for idx in torch.randperm(1400).split(50):
        optimizer.zero_grad()
        loss = nn.NLLLoss()(model(images[idx]), labels[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print("Train Epoch: {} Loss: {:.4f}".format(epoch, loss.item()))


def test(model):
    model.eval()
    with torch.no_grad():
        correct = (model(images[1400:]).argmax(1) == labels[1400:]).float().mean().item()
    print("Test Accuracy: {:.4f}".format(correct))


model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
for epoch in range(1, 9):
    train(model, optimizer, epoch)
    test(model)
