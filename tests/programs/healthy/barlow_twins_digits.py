# batch: second
# metric: linear probe up
"""Barlow Twins on noisy views of digits; a linear probe by ridge regression tells what was learnt."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


def off_diagonal(m):
    n = m.shape[0]
    return m.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


class BarlowTwins(nn.Module):
    def __init__(self, d_in=64, hidden=128, d_out=64, lambd=0.02):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Linear(d_in, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.projector = nn.Sequential(
            nn.Linear(hidden, d_out, bias=False),
            nn.BatchNorm1d(d_out),
            nn.ReLU(inplace=True),
            nn.Linear(d_out, d_out, bias=False),
        )
        self.bn = nn.BatchNorm1d(d_out, affine=False)
        self.lambd = lambd

    def forward(self, a, b):
        za, zb = self.projector(self.backbone(a)), self.projector(self.backbone(b))
        c = self.bn(za).T @ self.bn(zb) / len(a)
        return (torch.diagonal(c) - 1).pow(2).sum() + self.lambd * off_diagonal(c).pow(2).sum()


def view(x):
    keep = (torch.rand_like(x) > 0.3).float()
    return x * keep + 0.15 * torch.randn_like(x)


@torch.no_grad()
def probe(model, x, y):
    model.eval()
    h = model.backbone(x)
    h = torch.cat([h, torch.ones(len(h), 1)], 1)
    t = nn.functional.one_hot(y, 10).float()
    w = torch.linalg.solve(
        h[:1000].T @ h[:1000] + 1.0 * torch.eye(h.shape[1]), h[:1000].T @ t[:1000]
    )
    model.train()
    return ((h[1000:] @ w).argmax(1) == y[1000:]).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(0)
    digits = load_digits()
    x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    model = BarlowTwins()
    opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-6)
    for epoch in range(15):
        for pick in torch.randperm(len(x))[:1792].split(128):
            loss = model(view(x[pick]), view(x[pick]))
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1} loss {loss.item():.3f} linear probe {probe(model, x, y):.4f}")
