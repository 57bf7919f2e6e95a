"""Tables of factors that start loud: sick, healthy and borderline records."""

from __future__ import annotations

import dataclasses
import math

import pytest
from doctor_records import falling, layer, told, training, weight

from rectifier.doctor.rules import poor_initialization
from rectifier.watch.record import Head


def tables(end: float = 3.4, start: float = 80.0, chain=("mse_loss", "sum", "mul*"), **facts):
    known = {"target_mean": 3.5, "target_std": 0.7, "target_low": 1.0, "target_high": 5.0}
    known |= {"output_low": -30.0, "output_high": 30.0}
    head = Head((*chain, "embedding"), "person", **known | facts)
    spread = {"std": 1.0, "shape": (150, 64), "fan_in": 0}
    return told(
        poor_initialization,
        trained=training(loss=falling(start, end)),
        layers=[dataclasses.replace(layer(n), kind="Embedding") for n in ("person", "thing")],
        heads=(head,),
        parameters=(weight("person.weight", **spread), weight("thing.weight", **spread)),
    )


def test_a_first_loss_far_above_that_of_noughts() -> None:
    (finding,) = tables()
    assert finding.severity == "warning"
    assert "'person' and 'thing'" in finding.cause
    (remedy,) = finding.remedies
    spread = math.sqrt(80 - 3.5**2 - 0.7**2)
    assert remedy.scope["factors"]["thing"] == pytest.approx(
        math.sqrt(0.1 * 0.7 / spread), rel=0.05
    )


@pytest.mark.parametrize(
    "facts",
    [
        {"end": 0.3},  # it came below what the mean costs
        {"start": 30.0},  # borderline: noughts would cost 12.7
        {"output_low": -2.0, "output_high": 6.0},  # no wider than the targets
        {"start": 8000.0},  # a sum over the batch, of which nothing is known
        {"chain": ("binary_cross_entropy_with_logits", "sum", "mul*")},
    ],
)
def test_what_is_no_fault_of_the_tables(facts) -> None:
    assert tables(**facts) == ()


def test_biases_of_nought_beside_the_tables_hide_nothing() -> None:
    """What the loss gets last is then a table of noughts, which has no spread."""
    spread = {"std": 1.0, "shape": (150, 64), "fan_in": 0}
    names = ("person", "thing", "bias")
    known = {"target_mean": 3.5, "target_std": 0.7, "target_low": 1.0, "target_high": 5.0}
    head = Head(
        ("mse_loss", "add", "squeeze", "embedding"), "bias", output_low=-30, output_high=30, **known
    )
    (finding,) = told(
        poor_initialization,
        trained=training(loss=falling(80.0, 3.4)),
        layers=[dataclasses.replace(layer(n), kind="Embedding") for n in names],
        heads=(head,),
        parameters=(
            weight("person.weight", **spread),
            weight("thing.weight", **spread),
            weight("bias.weight", std=0.0, shape=(150, 1), fan_in=0),
        ),
    )
    assert set(finding.remedies[0].scope["factors"]) == {"person", "thing"}
