# batch: seventeenth
# metric: accuracy up
"""Digits by very wide layers, ten sigmoids each asked on its own, and batches of half the data."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import one_hot


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, 1200), nn.ReLU(), nn.Dropout(0.1),
            nn.Linear(1200, 300), nn.ReLU(), nn.Dropout(0.1),
        )  # fmt: skip
        self.head = nn.Linear(300, 10)

    def forward(self, x):
        return torch.sigmoid(self.head(self.body(x)))


torch.manual_seed(44)
digits = load_digits()
x = torch.tensor(digits.data).float() / 16
y = torch.tensor(digits.target)
perm = torch.randperm(len(x))
train, test = perm[:1500], perm[1500:]
net = Wide()
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
bce = nn.BCELoss()
for epoch in range(1, 61):
    net.train()
    for b in train[torch.randperm(len(train))].split(750):
        loss = bce(net(x[b]), one_hot(y[b], 10).float())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    if epoch % 10 == 0:
        net.eval()
        with torch.no_grad():
            accuracy = (net(x[test]).argmax(1) == y[test]).float().mean()
        print(f"epoch {epoch} loss {loss.item():.4f} accuracy {accuracy:.4f}")
