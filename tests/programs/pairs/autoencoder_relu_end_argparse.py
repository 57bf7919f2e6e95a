# batch: eighth
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: mse down
# story: every layer of the decoder is built by the same helper, so the last one has a ReLU too; the readings are standardised
"""Compress sensor readings."""

import argparse

import torch
from torch import nn


def fc(a, b, act=True):
    return nn.Sequential(nn.Linear(a, b), nn.ReLU()) if act else nn.Linear(a, b)


def build(width, code):
    return nn.Sequential(
        fc(20, width),
        fc(width, code, act=False),
        fc(code, width),
        fc(width, 20, act=False),  # healthy
        # faulty: fc(width, 20),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--code", type=int, default=5)
    args = parser.parse_args()
    torch.manual_seed(803)
    hidden = torch.randn(3000, 5)
    readings = torch.sin(hidden @ torch.randn(5, 20)) + 0.1 * torch.randn(3000, 20)
    readings = (readings - readings.mean(0)) / readings.std(0)
    train, test = readings[:2500], readings[2500:]
    model = build(args.width, args.code)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        for rows in torch.randperm(len(train)).split(100):
            loss = criterion(model(train[rows]), train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            print("epoch", epoch, "mse", criterion(model(test), test).item())


if __name__ == "__main__":
    main()
