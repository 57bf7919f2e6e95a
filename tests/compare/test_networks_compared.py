"""Each network that suits a task of ours is trained by a comparison: tuned, run, judged."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from rectifier import data
from rectifier.compare import Store, make_plan, run_comparison
from rectifier.data import Task, char_lm


def images(channels: int, side: int) -> Task:
    """Three kinds of stripes under noise."""
    draw = np.random.default_rng(channels)
    labels = np.arange(120) % 3
    waves = [np.sin(2 * np.pi * (k + 1) * np.arange(side) / side) for k in range(3)]
    x = np.stack([np.tile(waves[label], (channels, side, 1)) for label in labels])
    return data.from_arrays("stripes", x + draw.normal(0, 0.3, x.shape), labels, target=0.8)


def sequences() -> Task:
    """Three kinds of waves, a number at a time."""
    draw = np.random.default_rng(5)
    labels = np.arange(120) % 3
    x = np.sin(np.arange(12)[None] * (labels[:, None] + 1) * 0.7) + draw.normal(0, 0.2, (120, 12))
    return data.from_arrays("waves", x[:, :, None], labels, target=0.8)


TASKS = {
    "cnn4": images(1, 8),
    "resnet20": images(3, 8),
    "vit_tiny": images(1, 8),
    "irnn": sequences(),
    "gpt_tiny": Task("letters", partial(char_lm.load, train=48, held_out=8), target=0.2),
}
RATES = {"cnn4": (1e-3, 1e-2)}


@pytest.mark.parametrize("model", TASKS)
def test_a_network_is_compared(model: str) -> None:
    plan = make_plan(
        TASKS[model], ["relu", "tanh"], 2, model=model, tuning_seeds=(100,), epochs=3, batch=12,
        learning_rates=RATES.get(model, (1e-3, 3e-3)), timing=False,
    )  # fmt: skip
    with Store() as store:
        found = run_comparison(plan, store, engine="inline")
        outcomes = list(store.outcomes().values())
    assert [outcome.reason for outcome in outcomes if outcome.status != "finished"] == []
    for outcome in outcomes:
        assert len(outcome.train_loss) == 3
        assert outcome.train_loss[-1] < outcome.train_loss[0], "it learns"
    rows = {row.activation: row for row in found.rows}
    courses = {outcome.train_loss for outcome in outcomes}
    assert len(courses) == len(outcomes) == 8, "an activation or a seed made no difference at all"
    assert rows["relu"].sparsity > 0.05
    assert rows["tanh"].sparsity < 0.01
    guess = next(iter(plan.facts.values())).guess
    assert max(row.score.value for row in found.rows) > guess
