# batch: fifteenth
# in view: weights that are scaled and not drawn anew
# rules: poor_initialization
# remedies: reinitialize
# metric: psnr up
# story: a sine layer of one's own forgot to divide the bound of the hidden weights by omega, so that each layer turned its input into noise (github.com/vsitzmann/siren; arxiv.org/abs/2006.09661)
"""Fit one picture with sine layers."""

import argparse
import math

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--omega", type=float, default=30.0)
parser.add_argument("--hidden", type=int, default=96)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--seed", type=int, default=10)


class Sine(nn.Module):
    def __init__(self, fan_in, fan_out, omega, first=False):
        super().__init__()
        self.omega = omega
        self.weight = nn.Parameter(torch.empty(fan_out, fan_in))
        self.bias = nn.Parameter(torch.empty(fan_out))
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / omega  # healthy
        # faulty: bound = 1 / fan_in if first else math.sqrt(6 / fan_in)
        with torch.no_grad():
            self.weight.uniform_(-bound, bound)
            self.bias.uniform_(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def forward(self, x):
        return torch.sin(self.omega * nn.functional.linear(x, self.weight, self.bias))


def picture(size):
    axis = torch.linspace(-1, 1, size)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    image = 0.5 * torch.sin(9 * u * v) + 0.4 * torch.cos(14 * (u**2 + v**2).sqrt())
    image = image + 0.5 * ((u - 0.3).abs() < 0.2).float() * ((v + 0.2).abs() < 0.3)
    coords = torch.stack([u, v], -1).view(-1, 2)
    return coords, (image.clamp(-1, 1)).view(-1, 1)


def main(args):
    torch.manual_seed(args.seed)
    layers = [Sine(2, args.hidden, args.omega, first=True)]
    layers += [Sine(args.hidden, args.hidden, args.omega) for _ in range(args.layers - 1)]
    net = nn.Sequential(*layers, nn.Linear(args.hidden, 1))
    coords, values = picture(64)
    held = torch.rand(len(coords)) < 0.25
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    for step in range(1, args.steps + 1):
        rows = torch.nonzero(~held).squeeze(1)
        rows = rows[torch.randint(len(rows), (1024,))]
        loss = (net(coords[rows]) - values[rows]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            with torch.no_grad():
                mse = (net(coords[held]) - values[held]).pow(2).mean().item()
            print(f"step={step} mse={loss.item():.5f} psnr={10 * math.log10(4 / mse):.2f}")


if __name__ == "__main__":
    main(parser.parse_args())
