# batch: fifteenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: test acc up
# story: softmax at the end of forward, and CrossEntropyLoss takes it a second time, so that training crawls (github.com/amdegroot/ssd.pytorch/issues/218)
"""Handwritten digits from the corner of a parcel, a small CNN."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(32 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = self.fc2(x)
        # faulty: x = F.softmax(x, dim=1)
        return x


digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
images = (images - images.mean()) / images.std()
labels = torch.tensor(digits.target)
order = torch.randperm(len(labels))
train, test = order[:1400], order[1400:]
trainloader = DataLoader(TensorDataset(images[train], labels[train]), batch_size=32, shuffle=True)
testloader = DataLoader(TensorDataset(images[test], labels[test]), batch_size=200)

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

for epoch in range(8):
    running_loss = 0.0
    for inputs, targets in trainloader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    correct = 0
    with torch.no_grad():
        for inputs, targets in testloader:
            correct += (net(inputs).argmax(1) == targets).sum().item()
    print(
        f"[{epoch + 1}] loss: {running_loss / len(trainloader):.3f} test acc: {correct / len(test):.4f}"
    )
print("Finished Training")
