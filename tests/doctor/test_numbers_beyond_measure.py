"""The rules on records whose numbers are as large, as small or as broken as fp64 lets them be.

A network in double precision that diverges passes 1e200 on its way to infinity.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from doctor_records import falling, layer, record, site, training, weight

from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.wording import of_norm
from rectifier.watch.record import Circumstances, Feed, Head, OptimizerFacts
from rectifier.watch.weights import joint

CHAINS = (("mse_loss", "addmm"), ("nll_loss", "log_softmax", "addmm"), ("mean", "pow", "addmm"))


def filled(thing: Any, value: float, kept: tuple[str, ...] = ()) -> Any:
    """The same with every floating-point number in it set to the value, but of named fields."""
    if isinstance(thing, np.ndarray):
        return np.full_like(thing, value) if thing.dtype.kind == "f" else thing
    if isinstance(thing, tuple):
        return tuple(filled(item, value, kept) for item in thing)
    if not dataclasses.is_dataclass(thing) or isinstance(thing, type):
        return value if isinstance(thing, float) else thing
    changed = {
        field.name: filled(getattr(thing, field.name), value, kept)
        for field in dataclasses.fields(thing)
        if field.name not in kept
    }
    return dataclasses.replace(thing, **changed)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kept", [(), ("training",), ("sites",), ("circumstances",), ("layers",)])
@pytest.mark.parametrize("value", [1e200, math.inf, math.nan, 0.0, 1e-310])
def test_no_number_stops_the_diagnosis(chain, kept, value) -> None:
    ten = np.full(10, 1.0)
    facts = Circumstances(
        parameters=(weight("embed.weight"), weight("fc1.weight", rounds=600, applied=600)),
        heads=(Head(chain, layer="fc1", width=10, target_std=2.0, target_mean=1.0),),
        feeds=(Feed("embed", "linear", ten, ten, ten, ten),),
        optimizers=(OptimizerFacts("AdamW", steps=300),),
    )
    embed = dataclasses.replace(layer("embed"), kind="Embedding")
    whole = record(
        site("fc1.relu"),
        site("fc1.tanh"),
        layers=(embed, layer("fc1", order=1), layer("fc2", order=2)),
        trained=training(loss=falling(2.3, 2.2)),
        circumstances=facts,
    )
    for finding in diagnose(filled(whole, value, kept)):
        assert finding.cause


def test_the_norm_of_several_parts_is_a_number_as_long_as_theirs_are() -> None:
    assert joint([3e200, 4e200]) == pytest.approx(5e200)
    assert math.isnan(joint([]))
    assert math.isnan(joint([1.0, math.nan]))
    assert joint([1.0, math.inf]) == math.inf


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.5, "50 % of their norm"),
        (2300.0, "2,300 times their norm"),
        (2.7e44, "2.7e+44 times their norm"),
    ],
)
def test_a_factor_has_no_more_digits_than_a_reader_takes_in(ratio, words) -> None:
    assert of_norm(ratio) == words
