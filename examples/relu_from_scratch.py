"""ReLU and its gradient from scratch, and a network that learns with nothing but NumPy.

    python examples/relu_from_scratch.py [--steps 400]

For beginners. The gradient written by hand is checked against differences before it is used.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits


def relu(x):
    """The positive part."""
    return np.maximum(x, 0.0)


def relu_gradient(x):
    """1 where x is positive, 0 elsewhere; at 0 itself 0, as most libraries have it."""
    return (x > 0).astype(x.dtype)


def check():
    """Compare the gradient with what a small step changes; return the largest difference."""
    x = np.array([-2.0, -0.5, 0.5, 3.0])
    step = 1e-6
    return np.abs((relu(x + step) - relu(x - step)) / (2 * step) - relu_gradient(x)).max()


def train(images, labels, steps, rate=0.1, hidden=64, seed=0):
    """Two layers, softmax and cross-entropy, plain gradient descent; return the weights."""
    draws = np.random.default_rng(seed)
    w1 = draws.normal(0, np.sqrt(2 / 64), (64, hidden))  # He: half of the inputs will be zero
    w2 = draws.normal(0, np.sqrt(1 / hidden), (hidden, 10))
    b1, b2 = np.zeros(hidden), np.zeros(10)
    wanted = np.eye(10)[labels]
    for _ in range(steps):
        before = images @ w1 + b1
        after = relu(before)
        logits = after @ w2 + b2
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        back = (chances - wanted) / len(images)  # gradient of the loss by the logits
        hidden_back = back @ w2.T * relu_gradient(before)  # zero where ReLU was silent
        w2 -= rate * after.T @ back
        b2 -= rate * back.sum(axis=0)
        w1 -= rate * images.T @ hidden_back
        b1 -= rate * hidden_back.sum(axis=0)
    return w1, b1, w2, b2


def main():
    """Check the gradient, train, and say how well it went."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    print(f"gradient against differences: {check():.1e}")
    digits = load_digits()
    images = (digits.data - digits.data.mean()) / digits.data.std()
    order = np.random.default_rng(0).permutation(len(images))
    train_rows, test_rows = order[:1400], order[1400:]
    w1, b1, w2, b2 = train(images[train_rows], digits.target[train_rows], args.steps)
    hidden = relu(images[test_rows] @ w1 + b1)
    accuracy = (hidden @ w2 + b2).argmax(axis=1) == digits.target[test_rows]
    print(f"accuracy {accuracy.mean():.3f}, zeros {np.mean(hidden == 0):.2f}")


if __name__ == "__main__":
    main()
