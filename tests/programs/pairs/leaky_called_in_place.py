# batch: ninth
# in view: a leaky ReLU of slope one counts as none
# rules: missing_activation unsuitable_activation
# remedies: add_activation swap_activation
# metric: validation accuracy up
# story: nn.LeakyReLU(True), written like nn.ReLU(True) (PantoMatrix issue 52): the first argument is the slope, so True is a slope of one and the net is linear
"""A sign puzzle on sensors, in the style of an estimator."""

import torch
from torch import nn


class Classifier:
    def __init__(self, width=96, epochs=25, batch=64, rate=2e-3, seed=903):
        torch.manual_seed(seed)
        self.epochs, self.batch = epochs, batch
        layers, size = [], 10
        for _ in range(3):
            layers += [nn.Linear(size, width), self.slope()]
            size = width
        self.net = nn.Sequential(*layers, nn.Linear(size, 2))
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=rate)
        self.loss = nn.CrossEntropyLoss()

    @staticmethod
    def slope():
        return nn.LeakyReLU(inplace=True)  # healthy
        # faulty: return nn.LeakyReLU(True)

    def fit(self, x, y, xv, yv):
        for epoch in range(1, self.epochs + 1):
            self.net.train()
            for rows in torch.randperm(len(x)).split(self.batch):
                self.optimizer.zero_grad()
                self.loss(self.net(x[rows]), y[rows]).backward()
                self.optimizer.step()
            if epoch % 5 == 0:
                print(f"[{epoch:3d}] validation accuracy: {self.score(xv, yv):.3f}")
        return self

    @torch.no_grad()
    def score(self, x, y):
        self.net.eval()
        return (self.net(x).argmax(1) == y).float().mean().item()


gen = torch.Generator().manual_seed(33)
x = torch.randn(3000, 10, generator=gen)
y = ((x[:, 0] * x[:, 1] > 0) ^ (x[:, 2] > 0.5)).long()
Classifier().fit(x[:2400], y[:2400], x[2400:], y[2400:])
