# batch: third
# rules: vanishing_gradient unsuitable_activation
# remedies: insert_normalization swap_activation reinitialize
# metric: Test Accuracy up
# story: "deeper is better": ten sigmoid layers, and the loss does not move
"""MLP with a choice of depth and activation."""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn, optim

ACT = {"sigmoid": nn.Sigmoid, "elu": nn.ELU}


def build(depth, width, act):
    layers = [nn.Linear(64, width), ACT[act]()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), ACT[act]()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--depth", type=int, default=9)
    ap.add_argument("--width", type=int, default=64)
    ap.add_argument("--act", default="elu")  # healthy
    # faulty: ap.add_argument("--act", default="sigmoid")
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--epochs", type=int, default=14)
    args = ap.parse_args()
    torch.manual_seed(1)
    X, y = load_digits(return_X_y=True)
    X, y = torch.tensor(X / 8.0 - 1.0, dtype=torch.float32), torch.tensor(y)
    model = build(args.depth, args.width, args.act)
    opt = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    for epoch in range(args.epochs):
        for b in torch.randperm(1437).split(48):
            loss = nn.functional.cross_entropy(model(X[b]), y[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
        with torch.no_grad():
            acc = (model(X[1437:]).argmax(1) == y[1437:]).float().mean() * 100
        print(f"Epoch: {epoch:02d} | Loss: {loss.item():.4f} | Test Accuracy: {acc:.2f}%")


if __name__ == "__main__":
    main()
