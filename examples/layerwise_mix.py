"""Try every mix of activations over the layers of your network, and be honest about the winner.

    python examples/layerwise_mix.py [--seeds 3] [--steps 250]

For practitioners. The mix is chosen on validation data with seeds of its own; whether it is better
is judged on test data with others. Most of the lead usually goes away in between.
"""

import argparse
import itertools
import statistics

import torch
from torch import nn

import rectifier.torch as rt
from rectifier import data

CHOICES = ("relu", "gelu", "tanh")


def score(mix, seed, steps):
    """Validation and test accuracy of a network whose layers have these activations."""
    found = data.get("mnist1d").load(seed)
    x, y = torch.from_numpy(found.train_x), torch.from_numpy(found.train_y)
    torch.manual_seed(seed)
    sizes = [x.shape[1], *[48] * len(mix)]
    layers = []
    for (into, out_of), name in zip(itertools.pairwise(sizes), mix, strict=True):
        layers += [nn.Linear(into, out_of), rt.activation(name)]
    net = nn.Sequential(*layers, nn.Linear(48, found.classes))
    rt.init_(net, seed=seed)  # the gain of each layer's own activation
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (64,))
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    told = []
    for split in ("validation", "test"):
        inputs = torch.from_numpy(getattr(found, f"{split}_x"))
        labels = torch.from_numpy(getattr(found, f"{split}_y"))
        told.append((net(inputs).argmax(dim=1) == labels).float().mean().item())
    return told


def main():
    """Search, then test the winner against the best single activation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=250)
    args = parser.parse_args()
    found = {mix: score(mix, 1000, args.steps)[0] for mix in itertools.product(CHOICES, repeat=2)}
    best = max(found, key=found.get)
    single = max((mix for mix in found if len(set(mix)) == 1), key=found.get)
    print(f"chosen: {' then '.join(best)} ({found[best]:.3f}); single: {single[0]}")
    gaps = [
        score(best, seed, args.steps)[1] - score(single, seed, args.steps)[1]
        for seed in range(args.seeds)
    ]
    print(f"on test data and other seeds: {100 * statistics.fmean(gaps):+.1f} points")


if __name__ == "__main__":
    main()
