# batch: twelfth
# rules: missing_activation
# remedies: add_activation
# metric: test accuracy up
# story: in the loop over sizes the test for the last layer was off by one, and with a single hidden layer none had a relu (github.com/facebookresearch/DeepConvexity/issues/2)
"""Two spirals; the network's sizes come from the command line."""

import argparse

import numpy as np
import torch
from torch import nn


def build(sizes):
    layers = []
    hidden = len(sizes) - 2  # healthy
    # faulty: hidden = len(sizes) - 3
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < hidden:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def spirals(n, rng):
    t = np.sqrt(rng.random((n, 1))) * 7
    which = rng.integers(0, 2, (n, 1))
    angle = t + np.pi * which
    x = np.hstack([t * np.cos(angle), t * np.sin(angle)]) / 3.5 + 0.08 * rng.normal(size=(n, 2))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(which.ravel())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="2,64,2")
    parser.add_argument("--lr", type=float, default=0.01)
    args = parser.parse_args()
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    x, y = spirals(1500, rng)
    tx, ty = spirals(500, rng)
    net = build([int(s) for s in args.sizes.split(",")])
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    for epoch in range(1, 31):
        for i in torch.randperm(len(x)).split(50):
            loss = nn.functional.cross_entropy(net(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            acc = (net(tx).argmax(1) == ty).float().mean().item()
            print(f"epoch {epoch} loss {loss.item():.4f} test accuracy {acc:.4f}")


main()
