# batch: twelfth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units swap_activation
# metric: test accuracy up
# story: the loss stayed at 2.30: nearly all parameters had become negative and the relus gave no gradient (discuss.pytorch.org/t/cross-entropy-loss-is-not-decreasing/43814)
"""A convolutional network for ten kinds of small pictures."""

import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = x.view(-1, 32 * 2 * 2)
        x = self.relu(self.fc1(x))
        return self.fc2(x)


torch.manual_seed(23)
digits = load_digits()
images = torch.tensor(digits.images).float().unsqueeze(1) / 8 - 1
labels = torch.tensor(digits.target)
order = torch.randperm(len(images))
train, test = order[:1400], order[1400:]

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=0.002)  # healthy
# faulty: optimizer = optim.Adam(net.parameters(), lr=0.1)
for epoch in range(10):
    running_loss = 0.0
    for i, idx in enumerate(train[torch.randperm(1400)].split(32)):
        optimizer.zero_grad()
        outputs = net(images[idx])
        loss = criterion(outputs, labels[idx])
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    with torch.no_grad():
        correct = (net(images[test]).argmax(1) == labels[test]).sum().item()
    print(
        f"epoch {epoch} loss = {running_loss / (i + 1):.4f} test accuracy: {correct / len(test):.4f}"
    )
