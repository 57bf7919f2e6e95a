"""ReLU against sigmoid on handwritten digits: how many steps until they are learned?

    python examples/relu_or_sigmoid.py [--seeds 3] [--depth 3]

For beginners. Each activation gets the learning rate that suits it best of three; with one rate for
both, the answer would be about that rate.
"""

import argparse
import statistics

import torch
from torch import nn

from rectifier import data
from rectifier.models import gelu_mlp

RATES = (1e-3, 3e-3, 1e-2)
MOST = 400


def steps_to_learn(activation, rate, seed, depth, target=0.95):
    """Steps of Adam until the training accuracy reaches the target; MOST if it never does."""
    digits = data.get("digits").load(seed)
    x, y = torch.from_numpy(digits.train_x), torch.from_numpy(digits.train_y)
    draws = torch.Generator().manual_seed(seed)
    net = gelu_mlp.build(64, 10, activation=activation, depth=depth, width=64, generator=draws)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    for step in range(1, MOST + 1):
        rows = torch.randint(len(x), (64,), generator=draws)
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0 and (net(x).argmax(dim=1) == y).float().mean() >= target:
            return step
    return MOST


def main():
    """Race both, and print the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--depth", type=int, default=3)
    args = parser.parse_args()
    medians = {}
    for activation in ("relu", "sigmoid"):
        best = min(RATES, key=lambda rate: steps_to_learn(activation, rate, 99, args.depth))
        steps = [steps_to_learn(activation, best, seed, args.depth) for seed in range(args.seeds)]
        medians[activation] = statistics.median(steps)
        print(f"{activation:8} rate {best:g}: {steps} steps")
    print(f"sigmoid takes {medians['sigmoid'] / medians['relu']:.1f} times as many steps")


if __name__ == "__main__":
    main()
