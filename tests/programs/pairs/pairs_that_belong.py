# batch: fifteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: knn up
# story: each item's likeness to itself was masked by nought before the logarithm, whose minus infinity was then multiplied by nought (github.com/HobbitLong/SupContrast; a common slip in supervised contrast of one's own)
"""Digits of one kind are drawn together: supervised contrast, judged by neighbours."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from torch import nn


class SupCon(nn.Module):
    def __init__(self, temperature=0.2):
        super().__init__()
        self.temperature = temperature

    def forward(self, z, labels):
        others = 1 - torch.eye(len(z))
        weight = torch.exp(z @ z.t() / self.temperature) * others
        share = weight / weight.sum(1, keepdim=True)
        log_prob = torch.log(share + 1e-8)  # healthy
        # faulty: log_prob = torch.log(share)
        positive = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
        positive = positive * others
        return -((positive * log_prob).sum(1) / positive.sum(1).clamp(min=1)).mean()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
        self.project = nn.Linear(32 * 4, 16)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 2)
        x = F.max_pool2d(self.bn2(self.conv2(x)).relu(), 2)
        return F.normalize(self.project(x.flatten(1)), dim=1)


torch.manual_seed(45)
data = load_digits()
x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
y = torch.tensor(data.target)
x_train, y_train, x_test, y_test = x[:1300], y[:1300], x[1300:], y[1300:]
noisy = x_test + 0.5 * torch.randn_like(x_test)
encoder, criterion = Encoder(), SupCon()
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)


def knn():
    encoder.eval()
    with torch.no_grad():
        a = torch.nan_to_num(encoder(x_train)).numpy()
        b = torch.nan_to_num(encoder(noisy)).numpy()
    return KNeighborsClassifier(5).fit(a, y_train.numpy()).score(b, y_test.numpy())


for epoch in range(1, 9):
    encoder.train()
    total = 0.0
    for rows in torch.randperm(1300).split(130):
        loss = criterion(
            encoder(x_train[rows] + 0.4 * torch.randn(len(rows), 1, 8, 8)), y_train[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / 10
    print(f"epoch {epoch:02d} | contrast {total:.4f} | knn {knn():.4f}")
