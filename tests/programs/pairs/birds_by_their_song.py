# batch: sixteenth
# in view: a run that is over while its loss still falls
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val_accuracy up
# story: all pictures got one prediction and the accuracy would not rise, since the rate was too small (github.com/halwai/bird_classification/issues/12); here the rate of Adam was kept for plain SGD
"""Which of eight birds sings: a convolutional net over spectrograms."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

learning_rate = 3e-4
num_epochs = 6
num_classes = 8

torch.manual_seed(33)


def songs(n):
    y = torch.randint(num_classes, (n,))
    t = torch.linspace(0, 1, 24)
    f = torch.linspace(0, 1, 24).view(-1, 1)
    start = torch.tensor([0.2, 0.8, 0.5, 0.5, 0.3, 0.7, 0.2, 0.8])
    slope = torch.tensor([0.6, -0.6, 0.3, -0.3, 0.0, 0.0, 0.3, -0.3])
    trill = torch.tensor([0.0, 0.0, 0.1, 0.1, 0.15, 0.15, 0.05, 0.05])
    phase = 6.28 * torch.rand(n, 1)
    pitch = start[y, None] + slope[y, None] * t + trill[y, None] * torch.sin(20 * t + phase)
    pitch = pitch + 0.06 * torch.randn(n, 1)
    x = torch.exp(-(((f - pitch[:, None, :]) / 0.05) ** 2)) + 0.5 * torch.randn(n, 24, 24)
    return ((x - x.mean()) / x.std()).unsqueeze(1), y


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 12, kernel_size=5, padding=2),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.layer2 = nn.Sequential(
            nn.Conv2d(12, 24, kernel_size=3, padding=1),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.fc = nn.Linear(24 * 6 * 6, num_classes)

    def forward(self, x):
        out = self.layer2(self.layer1(x))
        return self.fc(out.reshape(out.size(0), -1))


train_loader = DataLoader(TensorDataset(*songs(1600)), batch_size=100, shuffle=True, num_workers=0)
val_loader = DataLoader(TensorDataset(*songs(400)), batch_size=100)
model = ConvNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)  # healthy
# faulty: optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)

total_step = len(train_loader)
for epoch in range(num_epochs):
    model.train()
    for i, (images, labels) in enumerate(train_loader):
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in val_loader:
            correct += (model(images).argmax(1) == labels).sum().item()
    print(
        "Epoch [{}/{}], Step [{}/{}], Loss: {:.4f}, val_accuracy: {:.2f}%".format(
            epoch + 1, num_epochs, i + 1, total_step, loss.item(), correct / 4
        )
    )
