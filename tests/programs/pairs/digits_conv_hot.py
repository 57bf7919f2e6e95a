# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate insert_normalization
# metric: test accuracy up
# story: a small LeNet copied from a tutorial, the rate copied from a BatchNorm network
"""LeNet on 8x8 digits."""

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser(description="digits")
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--lr", type=float, default=0.02)  # healthy
# faulty: parser.add_argument("--lr", type=float, default=0.7)
parser.add_argument("--momentum", type=float, default=0.9)
args = parser.parse_args()
torch.manual_seed(1)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 64)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


data = load_digits()
X = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(data.target)
perm = torch.randperm(len(X))
train, test = perm[:1400], perm[1400:]
net = LeNet()
opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=args.momentum)
for epoch in range(args.epochs):
    net.train()
    for idx in train[torch.randperm(len(train))].split(args.batch_size):
        opt.zero_grad()
        loss = F.cross_entropy(net(X[idx]), y[idx])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(X[test]).argmax(1) == y[test]).float().mean().item()
    print(f"Epoch {epoch + 1}: loss={loss.item():.4f} test accuracy={acc:.4f}")
