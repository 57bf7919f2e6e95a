# batch: fourteenth
# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: val_acc up
# story: a plain stack of convolutions in the manner of VGG, without normalisation and as the library draws its weights, did not learn at all; its gradients were nothing (forums.fast.ai/t/broken-default-cnn-behaviour/48936)
"""Weeds told from crops: a VGG of our own, trained by a small Trainer."""

import json

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def field(n, seed):
    g = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 16), indexing="ij")
    kind = torch.randint(4, (n,), generator=g)
    lobes = kind.float().view(-1, 1, 1) + 2
    phase = 0.4 * torch.randn(n, 1, 1, generator=g)
    cx, cy = (0.12 * torch.randn(n, 1, 1, generator=g) for _ in range(2))
    r, a = torch.hypot(x - cx, y - cy), torch.atan2(y - cy, x - cx)
    leaf = (r < 0.55 + 0.3 * torch.cos(lobes * a + phase)).float()
    colour = torch.stack([0.3 * leaf, 0.9 * leaf, 0.2 * leaf], 1)
    images = colour + 0.15 * torch.randn(n, 3, 16, 16, generator=g)
    return (images - images.mean()) / images.std(), kind


CFG = [16] * 4 + ["M"] + [24] * 4 + ["M"] + [32] * 4 + ["M"] + [48] * 3


def make_layers(cfg):
    layers, channels = [], 3
    for v in cfg:
        if v == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, v, 3, padding=1), nn.ReLU(inplace=True)]
            channels = v
    return nn.Sequential(*layers)


class VGG(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = make_layers(CFG)
        self.classifier = nn.Sequential(
            nn.Linear(48 * 4, 64), nn.ReLU(True), nn.Linear(64, 64), nn.ReLU(True),
            nn.Linear(64, classes),
        )  # fmt: skip
        for m in self.modules():  # healthy
            if isinstance(m, (nn.Conv2d, nn.Linear)):  # healthy
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")  # healthy
                nn.init.zeros_(m.bias)  # healthy

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Trainer:
    def __init__(self, model, train, val):
        self.model, self.train, self.val = model, train, val
        self.optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=0.9)
        self.criterion = nn.CrossEntropyLoss()

    def evaluate(self):
        self.model.eval()
        with torch.no_grad():
            hits = [(self.model(x).argmax(1) == y).float() for x, y in self.val]
        self.model.train()
        return torch.cat(hits).mean().item()

    def fit(self, epochs):
        for epoch in range(epochs):
            for x, y in self.train:
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()
            row = {"epoch": epoch, "loss": round(loss.item(), 4), "val_acc": self.evaluate()}
            print(json.dumps(row))


torch.manual_seed(1402)
train = DataLoader(TensorDataset(*field(700, 0)), batch_size=32, shuffle=True)
Trainer(VGG(4), train, DataLoader(TensorDataset(*field(300, 1)), batch_size=300)).fit(7)
