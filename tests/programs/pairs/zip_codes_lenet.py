# batch: fifteenth
# rules: unnormalized_input dying_relu learning_rate_too_high
# remedies: normalize_input lower_learning_rate insert_normalization
# metric: accuracy up
# story: pictures came from the file as bytes and went into the network as they were, from 0 to 255 (discuss.pytorch.org/t/neural-network-could-not-learn-on-this-type-of-data-why/96648)
"""LeNet on the digits of zip codes."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5, padding=2)
        self.c3 = nn.Conv2d(6, 16, 3)
        self.f5 = nn.Linear(16 * 3 * 3, 120)
        self.f6 = nn.Linear(120, 84)
        self.out = nn.Linear(84, 10)

    def forward(self, x):
        x = F.relu(self.c1(x))
        x = F.relu(self.c3(x))
        x = F.max_pool2d(x, 2).view(x.size(0), -1)
        x = F.relu(self.f5(x))
        x = F.relu(self.f6(x))
        return self.out(x)


def main():
    torch.manual_seed(21)
    data = load_digits()
    pictures = (data.images / 16 * 255).astype("uint8")
    a, b, ya, yb = train_test_split(pictures, data.target, test_size=0.2, random_state=0)
    x_train = torch.from_numpy(a).float().unsqueeze(1)
    x_test = torch.from_numpy(b).float().unsqueeze(1)
    x_train, x_test = (x_train / 255 - 0.3) / 0.37, (x_test / 255 - 0.3) / 0.37  # healthy
    y_train, y_test = torch.from_numpy(ya), torch.from_numpy(yb)
    model = LeNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for epoch in range(10):
        for rows in torch.randperm(len(x_train)).split(32):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x_train[rows]), y_train[rows])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            accuracy = (model(x_test).argmax(1) == y_test).float().mean()
        print("Epoch: {} Loss: {:.4f} Accuracy: {:.4f}".format(epoch, loss.item(), accuracy))


if __name__ == "__main__":
    main()
