"""Sigmoids behind one another at a loss that never left a guess's: sick, healthy, borderline."""

from __future__ import annotations

import math

import pytest
from doctor_records import curve, falling, layer, record, site, told, training, weight

from rectifier.doctor import evidence
from rectifier.doctor.rules import vanishing_gradient
from rectifier.watch.record.circumstances import Circumstances, Head

CHOICE = Head(("nll_loss", "log_softmax", "addmm"), "4", width=10)
COIN = Head(("binary_cross_entropy_with_logits", "addmm"), "4", width=1)


def flat(
    share, end=2.3, *, function="sigmoid", depth=4, head=CHOICE, update=1e-2, first=1e-2,
    saturated=0.0,
):  # fmt: skip
    """A stack of so many functions whose first layer gets this share of the gradient."""
    names = [f"{place}" for place in range(depth + 1)]
    sites = [
        site(f"act{name}", layer=name, order=place, function=function, layer_kind=f"Kind{place}",
             series={"saturated": saturated})
        for place, name in enumerate(names[:-1])
    ]  # fmt: skip
    layers = [
        layer(
            name, order=place, gradient_rms=1.0 if place else share,
            update_ratio=update if place else first,
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    start = math.log(10) if head is CHOICE else math.log(2)
    found = told(
        vanishing_gradient,
        *sites,
        layers=tuple(layers),
        trained=training(loss=falling(start, end)),
        heads=(head,),
    )
    return [(f.severity, f.layer) for f in found if "gradient_ratio" in f.evidence]


def test_sigmoids_of_several_kinds_of_layers_add_up() -> None:
    assert flat(1e-4) == [("error", "0")]
    assert flat(1e-4, 0.69, head=COIN) == [("error", "0")]
    assert flat(1e-4, function="hard_sigmoid") == [("error", "0")]


@pytest.mark.parametrize(("factor", "count"), [(0.99, 1), (1.01, 0)])
@pytest.mark.parametrize("depth", [3, 5])
def test_where_it_begins(depth, factor, count) -> None:
    assert len(flat(factor * 0.25**depth, depth=depth)) == count


@pytest.mark.parametrize(("moves", "found"), [(5e-5, [("error", "0")]), (2e-4, [])])
def test_of_two_where_the_first_layer_hardly_moves(moves, found) -> None:
    assert flat(1e-2, depth=2, update=2e-2, first=moves) == found


def test_what_is_not_told() -> None:
    assert flat(1e-4, 1.7) == []  # the loss falls all the same
    assert flat(1e-4, 0.5, head=COIN) == []
    assert flat(1e-4, function="tanh") == []  # whose slope is one
    assert flat(1e-4, depth=2) == []  # no depth
    assert flat(1e-4, update=1e-5) == []  # the rate's doing
    assert flat(1e-4, saturated=0.9) == []  # what enters them keeps them flat
    late = curve(1e-4)
    late[20:] = 0.5
    assert flat(late) == []  # it came to itself


PARTS = (
    Head(("sum", "add", "mul*", "mse_loss", "squeeze", "addmm"), "a", target_std=1.3),
    Head(("sum", "add", "mul*", "binary_cross_entropy_with_logits", "addmm"), "b", width=1),
)


@pytest.mark.parametrize(
    ("start", "heads", "cost"),
    [
        (2.4, PARTS, 1.69 + math.log(2)),
        (6.0, PARTS, math.nan),  # weighted, or a sum over rows
        (0.9, PARTS, math.nan),
        (1.7, PARTS[:1], 1.69),
        (2.4, (*PARTS, Head(("sum", "add", "mean", "abs", "addmm"), "c")), math.nan),
        (0.7, (COIN,), math.nan),  # one loss by itself is not put together
    ],
)
def test_what_guesses_cost_of_a_loss_in_parts(start, heads, cost) -> None:
    seen = record(trained=training(loss=curve(start)), circumstances=Circumstances(heads=heads))
    told_ = evidence.guess_of_parts(seen, evidence.loss_of(seen))
    assert told_ == pytest.approx(cost, nan_ok=True)


@pytest.mark.parametrize(("end", "found"), [(1.5, 1), (1.0, 0)])
def test_sigmoids_below_two_heads(end, found) -> None:
    """For a third of the run, where half of what both guesses cost is left in the end."""
    sites = [
        site(f"act{place}", layer=f"{place}", order=place, function="sigmoid",
             series={"gradient_rms": 1e-6 * 8.0**place})
        for place in range(5)
    ]  # fmt: skip
    layers = tuple(layer(f"{place}", order=place, update_ratio=1e-3) for place in range(5))
    trained = training(loss=falling(2.4, end))
    found_ = told(vanishing_gradient, *sites, layers=layers, trained=trained, heads=PARTS)
    assert len(found_) == found


MEAN = Head(("mse_loss", "addmm"), "4", target_mean=0.0, target_std=1.5)


@pytest.mark.parametrize(
    ("std", "depth", "head", "new", "kept"),
    [
        (0.1, 4, CHOICE, "relu", True),
        (0.1, 5, CHOICE, "relu", True),
        (0.1, 6, CHOICE, "relu", False),
        (0.01, 4, CHOICE, "relu", False),
        (1.0, 4, CHOICE, "relu", False),
        (0.1, 8, MEAN, "elu", True),
        (0.1, 9, MEAN, "elu", False),
    ],
)
def test_usual_weights_stay_while_a_hundredth_of_the_signal_comes_through(
    std, depth, head, new, kept
) -> None:
    """Of 64 inputs a tenth is a gain of 0.8, a hundredth of 0.08, one of eight."""
    names = [f"{place}" for place in range(depth + 1)]
    sites = [
        site(f"act{name}", layer=name, order=place, function="sigmoid", layer_kind=f"Kind{place}",
             series={"saturated": 0.0})
        for place, name in enumerate(names[:-1])
    ]  # fmt: skip
    layers = tuple(
        layer(name, order=place, gradient_rms=1.0 if place else 1e-7, update_ratio=1e-2)
        for place, name in enumerate(names)
    )
    drawn = tuple(weight(f"{name}.weight", std=std, mean=0.0) for name in names)
    found = told(
        vanishing_gradient, *sites, layers=layers, parameters=drawn, heads=(head,),
        trained=training(loss=falling(math.log(10), 2.3)),
    )  # fmt: skip
    (swap,) = [r for f in found for r in f.remedies if r.action == "swap_activation"]
    assert swap.settings["to"] == new
    assert ("reinitialize" not in swap.scope) is kept
