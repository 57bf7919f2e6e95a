# batch: seventh
# rules: missing_activation
# remedies: add_activation
# metric: test acc up
# story: the activation is stored in the constructor and forgotten in forward
"""Two interleaved spirals; argparse main."""

import argparse
import math

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width, depth, act):
        super().__init__()
        self.act = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "gelu": nn.GELU()}[act]
        self.first = nn.Linear(2, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, 2)

    def forward(self, x):
        x = self.act(self.first(x))  # healthy
        # faulty: x = self.first(x)
        for layer in self.hidden:
            x = self.act(layer(x))  # healthy
            # faulty: x = layer(x)
        return self.last(x)


def spirals(n):
    t = torch.rand(n) ** 0.5 * 2.5 * math.pi
    side = torch.randint(2, (n,))
    r = t / (2.5 * math.pi) * torch.where(side == 1, 1.0, -1.0)
    x = torch.stack([r * torch.cos(t), r * torch.sin(t)], 1) * 2
    return x + 0.03 * torch.randn(n, 2), side


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--act", default="gelu")
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    x, y = spirals(1200)
    xt, yt = spirals(400)
    model = Net(args.width, args.depth, args.act)
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr)
    for epoch in range(30):
        for b in torch.randperm(len(x)).split(100):
            loss = nn.functional.cross_entropy(model(x[b]), y[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 5 == 4:
            with torch.no_grad():
                acc = (model(xt).argmax(1) == yt).float().mean()
            print(f"epoch {epoch + 1} loss {loss:.4f} test acc {acc:.4f}")


if __name__ == "__main__":
    main()
