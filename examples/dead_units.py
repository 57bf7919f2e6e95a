"""See units die, and bring them back.

    python examples/dead_units.py [--steps 200]

For beginners and practitioners. A learning rate that is too high kills most units of a small
network; the watcher says which, when and why. Then two cures: a sane rate from the start, and
recycling the dead units of the sick network while it trains on.
"""

import argparse

import torch
from torch import nn

import rectifier.torch as rt
from rectifier import data, models


def train(net, optimizer, x, y, steps, draws):
    """Plain steps of the optimiser on random batches."""
    for _ in range(steps):
        rows = torch.randint(len(x), (64,), generator=draws)
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def dead_share(net, x):
    """Share of hidden units that no sample wakes."""
    dead, units = 0, 0
    with torch.no_grad():
        for layer in net:
            x = layer(x)
            if isinstance(layer, rt.ActivationModule):
                dead += int((x <= 0).all(dim=0).sum())
                units += x.shape[1]
    return dead / units


def main():
    """Sick, diagnosed, cured in two ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    digits = data.get("digits").load(0)
    x, y = torch.from_numpy(digits.train_x), torch.from_numpy(digits.train_y)

    def fresh(rate):
        draws = torch.Generator().manual_seed(0)
        net = models.get("mlp")(64, 10, activation="relu", hidden=(64, 64), generator=draws)
        return net, torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9), draws

    net, optimizer, draws = fresh(0.5)
    with rt.watch(net, optimizer, every=1) as session:
        train(net, optimizer, x, y, args.steps, draws)
    print(f"rate 0.5: {dead_share(net, x):.0%} of the units are dead")
    for finding in session.diagnose()[:2]:
        print(f"  {finding.rule}: {finding.cause}")

    with rt.ReDo(net, optimizer, every=20):
        for group in optimizer.param_groups:
            group["lr"] = 0.02
        train(net, optimizer, x, y, args.steps, draws)
    print(f"recycled at rate 0.02: {dead_share(net, x):.0%} dead")

    net, optimizer, draws = fresh(0.02)
    train(net, optimizer, x, y, args.steps, draws)
    print(f"rate 0.02 from the start: {dead_share(net, x):.0%} dead")


if __name__ == "__main__":
    main()
