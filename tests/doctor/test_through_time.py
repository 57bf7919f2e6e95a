"""A recurrent gradient that the first steps made explode: sick, healthy and borderline."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import STEPS, curve, falling, layer, record, training, weight

from rectifier.doctor.diagnose import diagnose
from rectifier.watch.record import Circumstances, Head


def told(peak=1e6, at=1, end=1.0, name="rnn.weight_hh_l0", applied=0):
    norms, loss = curve(10.0), falling(1.8, end)
    norms[at], loss[at] = peak, 1e5
    update = np.full(STEPS, 1e-3)
    update[at] = 1e3
    made = record(
        layers=(layer("rnn", weight_norm=8.0),),
        trained=training(loss, update, 0.01, gradient_norm=norms),
        circumstances=Circumstances(
            parameters=(weight(name, applied=applied, shape=(64, 64)),),
            heads=(Head(("mse_loss", "addmm"), "fc", target_std=1.05),),
        ),
    )
    return diagnose(made, ["exploding_gradient", "learning_rate_too_high"])


@pytest.mark.parametrize("own", [{}, {"name": "rnn.w", "applied": 40}])
def test_the_first_updates_made_it_explode(own) -> None:
    first, then = told(**own)
    assert (first.rule, first.severity, first.first_step) == ("exploding_gradient", "error", 0)
    assert first.remedies[0].action == "clip_gradients"
    assert first.remedies[0].settings == {"max_norm": pytest.approx(0.8)}
    assert (then.rule, then.consequence_of) == ("learning_rate_too_high", "exploding_gradient")


@pytest.mark.parametrize(
    "other",
    [
        {"peak": 5e3},  # five hundred times
        {"end": 0.3},  # it learnt all the same
        {"name": "rnn.weight_ih_l0"},  # nothing is multiplied by itself
        {"name": "rnn.w", "applied": 3},
    ],
)
def test_what_is_left_to_the_steps(other) -> None:
    assert "exploding_gradient" not in [finding.rule for finding in told(**other)]
