# batch: eighteenth
# in view: nothing times infinity is nothing
# rules: non_finite
# remedies: stabilize_loss
# metric: knn accuracy up
# story: a sample's likeness with itself was put out of the softmax by adding the unit matrix times minus infinity, and nought times infinity is no number (the usual mask, github.com/google-research/simclr/issues/20, is a large number times the unit matrix)
"""SimCLR of sea shells: two views of each, then nearest neighbours."""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

cfg = SimpleNamespace(temperature=0.2, batch=128, epochs=12, lr=1e-3, out=24, kinds=8, features=48)


class Shells:
    """Kinds are centres in a hidden space; what one sees is a turn of it with much that varies."""

    def __init__(self, seed):
        self.g = torch.Generator().manual_seed(seed)
        self.centres = 1.5 * torch.randn(cfg.kinds, 12, generator=self.g)
        self.lift = torch.randn(12, cfg.features, generator=self.g) / 12**0.5

    def draw(self, n):
        y = torch.randint(cfg.kinds, (n,), generator=self.g)
        hidden = self.centres[y] + 0.8 * torch.randn(n, 12, generator=self.g)
        return torch.tanh(hidden @ self.lift), y

    def view(self, x):
        keep = (torch.rand(x.shape, generator=self.g) < 0.7).float()
        return keep * x + 0.3 * torch.randn(x.shape, generator=self.g)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(cfg.features, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.ReLU(),
        )
        self.projector = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, cfg.out))

    def forward(self, x):
        return F.normalize(self.projector(self.encoder(x)), dim=1)


class NTXent(nn.Module):
    LARGE = 1e9  # healthy
    # faulty: LARGE = float("inf")

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, a, b):
        n = len(a)
        z = torch.cat([a, b])
        logits = z @ z.t() / self.temperature - self.LARGE * torch.eye(2 * n)
        target = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
        return F.cross_entropy(logits, target)


def knn(net, bank, labels, x, y, k=15):
    net.eval()
    with torch.no_grad():
        a, b = F.normalize(net.encoder(bank), dim=1), F.normalize(net.encoder(x), dim=1)
        near = (b @ a.t()).topk(k, dim=1).indices
        vote = F.one_hot(labels[near], cfg.kinds).sum(1).argmax(1)
    net.train()
    return (vote == y).float().mean().item()


torch.manual_seed(6)
shells = Shells(6)
x, y = shells.draw(2560)
x_test, y_test = shells.draw(600)
net, criterion = Net(), NTXent(cfg.temperature)
optimizer = torch.optim.Adam(net.parameters(), lr=cfg.lr, weight_decay=1e-6)
for epoch in range(cfg.epochs):
    total = 0.0
    for idx in torch.randperm(len(x)).split(cfg.batch):
        loss = criterion(net(shells.view(x[idx])), net(shells.view(x[idx])))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx) / len(x)
    if epoch % 3 == 2:
        print(
            f"epoch {epoch + 1}: contrastive {total:.4f}, knn accuracy {knn(net, x, y, x_test, y_test):.4f}"
        )
