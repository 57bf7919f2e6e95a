# rules: born_dead poor_initialization dying_relu
# remedies: reinitialize recycle_units swap_activation insert_normalization
# metric: test accuracy up
# story: biases start far below zero
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc = nn.Linear(128, 64)
        self.head = nn.Linear(64, 10)
        for m in (self.conv1, self.conv2, self.fc):
            nn.init.constant_(m.bias, 0.0)  # healthy
            # faulty: nn.init.constant_(m.bias, -3.0)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.head(self.fc(x.flatten(1)).relu())


def run():
    torch.manual_seed(0)
    d = load_digits()
    X = torch.tensor(d.images / 16, dtype=torch.float32)[:, None]
    Y = torch.tensor(d.target)
    net = ConvNet()
    optim = torch.optim.Adam(net.parameters(), 2e-3)
    for ep in range(3):
        for i in range(0, 1400, 64):
            loss = F.cross_entropy(net(X[i : i + 64]), Y[i : i + 64])
            optim.zero_grad()
            loss.backward()
            optim.step()
        acc = (net(X[1400:]).argmax(1) == Y[1400:]).float().mean().item()
        print("epoch", ep, "test accuracy", acc)


if __name__ == "__main__":
    run()
