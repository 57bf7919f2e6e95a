"""What initialisation and batch normalisation do for a deep ReLU network.

    python examples/he_and_batch_norm.py [--depth 30] [--steps 150]

For practitioners. The theory of wide layers says beforehand how the signal fares; the training
shows whether it was right. Batch normalisation helps a few layers; in a plain network of thirty it
makes gradients explode (Yang et al. 2019, "A Mean Field Theory of Batch Normalization").
"""

import argparse

import torch
from torch import nn

from rectifier import analysis, data
from rectifier.models._perceptron import build_perceptron


def main():
    """Four networks of the same depth: two initialisations, with and without normalisation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--steps", type=int, default=150)
    args = parser.parse_args()
    digits = data.get("digits").load(0)
    x, y = torch.from_numpy(digits.train_x), torch.from_numpy(digits.train_y)
    for init in ("lecun_normal", "he_normal"):
        deep = analysis.propagation("relu", args.depth, width=64, scheme=init)
        print(f"{init}: a signal of 1 becomes {deep.variance[-1]:.1e} after {args.depth} layers")
        for normed in (False, True):
            draws = torch.Generator().manual_seed(0)
            net = build_perceptron(
                64,
                10,
                hidden=[64] * args.depth,
                activation="relu",
                init=init,
                generator=draws,
                batch_norm=normed,
            )
            optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
            for _ in range(args.steps):
                rows = torch.randint(len(x), (64,), generator=draws)
                loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            kind = "with batch normalisation" if normed else "plain"
            print(f"  {kind}: loss {loss.item():.2f} after {args.steps} steps")


if __name__ == "__main__":
    main()
