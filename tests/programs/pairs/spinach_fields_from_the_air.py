# batch: eighteenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units
# metric: pixel acc up
# story: the loss of a segmenting net stood still from the start, a smaller rate was the answer (github.com/meetps/pytorch-semseg/issues/134)
"""Four kinds of field in pictures from the air, told pixel by pixel by an all-convolutional net."""

import torch
from torch import nn, optim
from torch.nn import functional as F


class FCN(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv_block1 = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.conv_block2 = nn.Sequential(
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()
        )
        self.classifier = nn.Sequential(nn.Conv2d(32, 32, 1), nn.ReLU(), nn.Conv2d(32, classes, 1))

    def forward(self, x):
        out = self.classifier(self.conv_block2(self.conv_block1(x)))
        return F.interpolate(out, x.shape[2:], mode="bilinear", align_corners=False)


def fields(n, g, side=20, classes=4):
    gen = torch.Generator().manual_seed(9)
    colour = torch.rand(classes, 3, generator=gen)
    furrow = torch.tensor([0.0, 0.8, 1.6, 2.4])
    axis = torch.arange(side).float()
    labels = torch.zeros(n, side, side, dtype=torch.long)
    for i in range(n):
        r, c = torch.randint(5, side - 5, (2,), generator=g).tolist()
        kinds = torch.randint(classes, (4,), generator=g)
        labels[i, :r, :c], labels[i, :r, c:], labels[i, r:, :c], labels[i, r:, c:] = kinds
    stripes = torch.sin(furrow[labels] * axis[None, :, None])
    image = 0.4 * colour[labels].permute(0, 3, 1, 2) + 0.2 * stripes[:, None]
    return (image + 0.15 * torch.randn(n, 3, side, side, generator=g) - 0.2) / 0.25, labels


class Metrics:
    def __init__(self, classes):
        self.matrix = torch.zeros(classes, classes)

    def update(self, truth, guess):
        k = len(self.matrix)
        self.matrix += torch.bincount(k * truth.flatten() + guess.flatten(), minlength=k * k).view(
            k, k
        )

    def scores(self):
        hit = self.matrix.diag()
        iou = hit / (self.matrix.sum(0) + self.matrix.sum(1) - hit).clamp(min=1)
        return (hit.sum() / self.matrix.sum()).item(), iou.mean().item()


def train(l_rate, n_epoch=8, batch_size=10):
    torch.manual_seed(13)
    g = torch.Generator().manual_seed(13)
    (x, y), (xv, yv) = fields(300, g), fields(80, g)
    model = FCN(4)
    optimizer = optim.SGD(model.parameters(), lr=l_rate, momentum=0.99, weight_decay=5e-4)
    for epoch in range(n_epoch):
        for i, idx in enumerate(torch.randperm(len(x)).split(batch_size)):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            if i == 15:
                print(f"Epoch [{epoch + 1}/{n_epoch}] Loss: {loss.item():.4f}")
        metrics = Metrics(4)
        with torch.no_grad():
            metrics.update(yv, model(xv).argmax(1))
        acc, iou = metrics.scores()
        print(f"Epoch [{epoch + 1}/{n_epoch}] mean iou: {iou:.4f} pixel acc: {acc:.4f}")


train(l_rate=1e-2)  # healthy
# faulty: train(l_rate=1e-1)
