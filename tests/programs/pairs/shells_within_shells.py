# batch: eighteenth
# rules: missing_activation
# remedies: add_activation
# metric: test_acc up
# story: a builder of layers was asked for an activation by name and knew none by that spelling, so each layer was laid upon the next with nothing between (github.com/nicola-decao/MolGAN/issues/3 and github.com/PaddlePaddle/PGL/pull/48 mended activations that came out as none)
"""Ages of fossils by ten measures: four layers of shells around the usual animal."""

import dataclasses
import time

import numpy as np
import torch
from sklearn.datasets import make_gaussian_quantiles
from torch import nn, optim


@dataclasses.dataclass
class Params:
    layers: tuple = (64, 64, 32)
    activation: str = "relu"  # healthy
    # faulty: activation: str = "Relu"
    dropout: float = 0.0
    lr: float = 2e-3
    epochs: int = 12
    seed: int = 70


def get_activation(name):
    if name == "relu":
        return nn.ReLU()
    if name == "tanh":
        return nn.Tanh()
    return None


def build(n_in, n_out, p):
    parts, width = [], n_in
    for size in p.layers:
        parts += [
            nn.Linear(width, size),
            nn.BatchNorm1d(size),
            get_activation(p.activation),
            nn.Dropout(p.dropout),
        ]
        width = size
    parts.append(nn.Linear(width, n_out))
    return nn.Sequential(*[part for part in parts if part is not None])


def main():
    p = Params()
    np.random.seed(p.seed)
    torch.manual_seed(p.seed)
    x, y = make_gaussian_quantiles(n_samples=3000, n_features=10, n_classes=4, random_state=p.seed)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    train, test = slice(0, 2400), slice(2400, None)
    net = build(10, 4, p)
    opt = optim.Adam(net.parameters(), lr=p.lr)
    began = time.time()
    for epoch in range(1, p.epochs + 1):
        net.train()
        for rows in torch.randperm(2400).split(48):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x[train][rows]), y[train][rows])
            loss.backward()
            opt.step()
        if epoch % 3 == 0:
            net.eval()
            with torch.no_grad():
                acc = (net(x[test]).argmax(1) == y[test]).float().mean().item()
            print(
                f"{time.time() - began:5.1f}s epoch={epoch} loss={loss.item():.4f} test_acc={acc:.4f}"
            )


main()
