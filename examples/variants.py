"""ReLU beside its variants on handwritten digits: what each does to zeros, dead units, the mean.

    python examples/variants.py [--seeds 3] [--steps 200]

For beginners. Each gets the learning rate that suits it best of three, on validation data; then
accuracy on test data, and what the units of the first layer do after training.
"""

import argparse
import statistics

import torch

import rectifier.torch as rt
from rectifier import data

NAMES = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "mish")


def split(seed):
    """Training, validation and test data."""
    found = data.get("digits").load(seed)
    names = ("train_x", "train_y", "validation_x", "validation_y", "test_x", "test_y")
    return [torch.from_numpy(getattr(found, name)) for name in names]


def train(activation, rate, seed, steps):
    """A network trained on digits, and the data it was not trained on."""
    x, y, *rest = split(seed)
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 64), rt.activation(activation),
        torch.nn.Linear(64, 64), rt.activation(activation),
        torch.nn.Linear(64, 10),
    )  # fmt: skip
    rt.init_(model, sample=x[:1])
    optimizer = torch.optim.Adam(rt.parameter_groups(model), lr=rate)
    for _ in range(steps):
        rows = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    return model, rest


def accuracy(model, x, y):
    """Share of right answers."""
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def main():
    """Tune, train, and look at the units."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    print("activation   rate  accuracy  dead  zeros  mean")
    for name in NAMES:
        tried = {}
        for rate in (3e-3, 1e-2, 3e-2):
            model, (x, y, *_) = train(name, rate, 1000, args.steps)
            tried[rate] = accuracy(model, x, y)
        best = max(tried, key=tried.get)
        rows = []
        for seed in range(args.seeds):
            model, (*_, x, y) = train(name, best, seed, args.steps)
            with torch.no_grad():
                out = model[:2](x)
            dead = (out == 0).all(dim=0).float().mean().item()
            rows.append(
                (accuracy(model, x, y), dead, (out == 0).float().mean().item(), out.mean().item())
            )
        score, dead, zeros, mean = (statistics.fmean(column) for column in zip(*rows, strict=True))
        print(f"{name:11}  {best:<5g} {score:8.3f}  {dead:4.0%}  {zeros:5.0%}  {mean:+.2f}")
    print("A few seeds tell no small differences apart: rectifier compare says which are real.")


if __name__ == "__main__":
    main()
