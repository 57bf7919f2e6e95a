# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: accuracy up
# story: JAX style port; parameters and velocities as dicts, step size copied from a per-sample-sum recipe
"""torch.func without an optimiser: state in, state out."""

from dataclasses import dataclass

import torch
from sklearn.datasets import make_moons
from torch import nn
from torch.func import functional_call, grad


@dataclass
class State:
    params: dict
    velocity: dict


net = None


def loss_of(params, x, y):
    logits = functional_call(net, params, (x,)).squeeze(1)
    return nn.functional.binary_cross_entropy_with_logits(logits, y)


def step(state, x, y, rate, decay=0.8):
    g = grad(loss_of)(state.params, x, y)
    velocity = {k: decay * state.velocity[k] + g[k] for k in g}
    return State({k: p - rate * velocity[k] for k, p in state.params.items()}, velocity)


def main():
    global net
    torch.manual_seed(103)
    pts, lab = make_moons(1500, noise=0.15, random_state=3)
    pts, lab = torch.tensor(pts, dtype=torch.float32), torch.tensor(lab, dtype=torch.float32)
    net = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    params = {k: v.detach().clone() for k, v in net.named_parameters()}
    state = State(params, {k: torch.zeros_like(v) for k, v in params.items()})
    rate = 0.1  # healthy
    # faulty: rate = 20.0
    for i in range(500):
        rows = torch.randint(0, 1000, (50,))
        state = step(state, pts[rows], lab[rows], rate)
        if i % 100 == 99:
            with torch.no_grad():
                out = functional_call(net, state.params, (pts[1000:],)).squeeze(1)
            print(
                i + 1,
                "loss",
                round(loss_of(state.params, pts, lab).item(), 4),
                "accuracy",
                round(((out > 0) == (lab[1000:] > 0.5)).float().mean().item(), 3),
            )


main()
