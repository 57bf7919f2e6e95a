"""Design an activation, analyse it, compare it: all that is needed is its formula.

    python examples/new_activation.py [--seeds 5]

For researchers. The formula gets its derivative, gain and properties by itself; the comparison
tunes the learning rate for each and says how small a difference it could have seen.
"""

import argparse

import numpy as np

import rectifier
from rectifier import analysis
from rectifier.numpy.functions import function


def main():
    """From a formula to a verdict."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()

    bent = rectifier.define(
        "bent_relu",
        "maximum(x, 0) - b * minimum(x, 0) * exp(x)",
        b=rectifier.Param(0.3, learnable=True),
    )
    apply = function(bent)
    x = np.array([-3.0, -1.0, 0.0, 2.0])
    print(f"f({x}) = {np.round(apply(x), 3)}")
    print(f"f'     = {np.round(apply.derivative(x), 3)}")
    moments = analysis.moments(bent)
    print(f"gain {rectifier.gain(bent):.4f}, mean over N(0, 1) {moments.mean:.4f}")
    print(f"monotone: {analysis.is_monotone(bent)}, kinks at {analysis.kinks(bent)}")
    deep = analysis.propagation(bent, 100)
    print(f"variance after 100 layers {deep.variance[-1]:.3g}, {deep.stability}")

    found = rectifier.compare(
        task="digits",
        activations=[bent, "relu", "silu"],
        seeds=args.seeds,
        epochs=args.epochs,
        learning_rates=(3e-3, 1e-2),
        tuning_seeds=(1_000_001,),
        engine="inline",
    )
    for row in found.rows:
        print(f"{row.activation:10} {row.score.value:.3f}  {row.verdict}")
    print(found.recommendation)


if __name__ == "__main__":
    main()
