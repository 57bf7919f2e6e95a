"""Rule poor_initialization on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from doctor_records import (
    STUCK,
    curve,
    falling,
    layer,
    record,
    site,
    spiking,
    told,
    training,
    weight,
)

from rectifier.doctor.rules import poor_initialization
from rectifier.watch.record import Circumstances, Head, NonFinite


@pytest.mark.parametrize(
    ("facts", "size", "loss", "severity"),
    [
        ({"std": 1.0}, 80.0, 9.0, "error"),
        ({"std": 1.0}, 80.0, falling(9.0, 5.0), "warning"),
        ({"std": 1.0}, 80.0, None, "info"),  # it learnt all the same
        ({"std": 0.125}, 1.0, 2.3, None),  # Glorot
        ({"std": 1.0}, 1.0, 2.3, None),  # large, but something keeps the signal
        ({"std": 0.29, "mean": 0.5}, 30.0, 9.0, "error"),  # uniform from 0 to 1
        ({"std": 0.01}, 1e-4, 2.3, "error"),
        ({"std": 0.01}, 0.5, 2.3, None),
        ({"std": 0.1, "empty_start": 0.97}, 0.5, 2.3, "error"),
    ],
)
def test_the_scale_of_the_weights(facts, size, loss, severity) -> None:
    made = site(series={"input_std": size})
    found = told(
        poor_initialization,
        made,
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=falling(9.0, 0.1) if loss is None else loss),
        parameters=(weight(**facts), weight("fc2.weight", **facts)),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("std", "bias", "loss", "severity"),
    [
        (0.00125, 0.1, 2.3, "error"),  # a gain of 0.01 beside biases ten times as large
        (0.00125, 0.1, falling(2.3, 1.3), "warning"),
        (0.00125, 0.1, falling(2.3, 1.1), None),  # half of it went all the same
        (0.00125, 0.03, 2.3, None),  # the biases hide nothing
        (0.01, 0.3, falling(2.3, 1.3), None),  # small, yet not that small
        (0.01, 0.3, 2.3, "error"),
        (0.00125, float("nan"), 2.3, None),
    ],
)
def test_weights_that_are_lost_beside_the_biases(std, bias, loss, severity) -> None:
    names = ("fc1", "fc2")
    weights = [weight(f"{name}.weight", std=std) for name in names]
    biases = [weight(f"{name}.bias", shape=(32,), fan_in=0, std=bias) for name in names]
    found = told(
        poor_initialization,
        site(series={"input_std": 0.1}),
        layers=tuple(map(layer, names)),
        trained=training(loss=loss),
        parameters=(*weights, *biases),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("name", "std", "end", "severity"),
    [
        ("fc1.weight_hh_l0", 0.3, 1e4, "warning"),  # far above 1e7 / 1e4**2
        ("fc1.weight_hh_l0", 0.3, 0.002, "info"),
        ("fc1.weight_hh_l0", 0.125, 1e4, None),
        ("fc1.weight", 0.3, 1e4, None),
    ],
)
def test_a_recurrent_state_is_multiplied_again_and_again(name, std, end, severity) -> None:
    found = told(
        poor_initialization,
        site(series={"input_std": 1e4}),
        layers=(layer("fc1"),),
        trained=training(loss=falling(1e7, end)),
        parameters=(weight(name, std=std),),
        heads=(Head(("mean", "pow", "sub", "addmm"), "head"),),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("function", "spreads", "layers"),
    [
        ("sin", (200.0, 12.0, 13.0), ["a1", "a2"]),
        ("sin", (200.0, 2.3, 2.3), None),  # SIREN's own; the first may run as it likes
        ("sin", (12.0,), None),
        ("relu", (200.0, 12.0, 13.0), None),
    ],
)
def test_sines_that_run_through_whole_periods(function, spreads, layers) -> None:
    sites = [
        site(f"a{i}.act", layer=f"a{i}", order=i, function=function, series={"input_std": spread})
        for i, spread in enumerate(spreads)
    ]
    known = tuple(layer(f"a{i}") for i in range(len(spreads)))
    drawn = tuple(weight(f"a{i}.weight", shape=(100, 64)) for i in range(len(spreads)))
    found = told(poor_initialization, *sites, layers=known, parameters=drawn)
    assert [[f.layer, *f.also] for f in found] == ([layers] if layers else [])
    blind = [
        dataclasses.replace(s, series=dataclasses.replace(s.series, gradient_rms=np.zeros(300)))
        for s in sites
    ]
    assert told(poor_initialization, *blind, layers=known, parameters=drawn) == ()
    if layers:
        assert found[0].remedies[0].scope["factors"]["a1"] == pytest.approx(1 / 12)


def test_embeddings_may_be_large() -> None:
    table = layer("table")
    object.__setattr__(table, "kind", "Embedding")
    found = told(
        poor_initialization,
        site(series={"input_std": 80.0}),
        layers=(table,),
        trained=STUCK,
        parameters=(weight("table.weight", std=1.0),),
    )
    assert found == ()


@pytest.mark.parametrize(
    ("head", "start", "severity"),
    [("fc2", 40.0, "warning"), ("fc1", 40.0, "info"), ("fc2", 4.0, None)],
)
def test_logits_that_start_loud_are_told_even_of_a_network_that_learnt(
    head: str, start: float, severity: str | None
) -> None:
    chain = ("nll_loss", "log_softmax", "mm")
    found = told(
        poor_initialization,
        site(series={"input_std": 1.0}),
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=falling(start, 0.1)),
        parameters=(weight(std=0.1), weight("fc2.weight", std=1.0)),
        heads=(Head(chain, head, width=10),),
    )
    wanted = [severity] if severity else []
    if head == "fc1":
        wanted = ["info"]
    assert [f.severity for f in found] == wanted


@pytest.mark.parametrize(("loud", "found"), [("fc1.relu", []), ("fc2.relu", ["error"])])
def test_weights_are_not_blamed_for_what_is_loud_before_them(loud, found) -> None:
    sites = [
        site(name, order=i, series={"input_std": 80.0 if name == loud else 1.0})
        for i, name in enumerate(("fc1.relu", "fc2.relu"))
    ]
    told_ = told(
        poor_initialization,
        *sites,
        layers=(layer("fc1"), layer("fc2")),
        trained=STUCK,
        parameters=(weight(), weight("fc2.weight", std=1.0)),
    )
    assert [f.severity for f in told_] == found


@pytest.mark.parametrize(
    ("growth", "start", "end", "function", "severity"),
    [
        (2.0, 4e3, 90.0, "relu", ["error"]),
        (2.0, 4e3, 1.5, "relu", ["warning"]),
        (2.0, 4e3, 0.3, "relu", []),  # learnt all the same
        (1.3, 4e3, 90.0, "relu", []),
        (2.0, 4.0, 3.9, "relu", []),  # the output is no louder for it
        (2.0, 4e3, 90.0, "sin", []),  # frequencies are chosen
    ],
)
def test_residual_branches_that_pile_up(growth, start, end, function, severity) -> None:
    sites = [
        site(f"b{i}", layer=f"b{i}", order=i, function=function, series={"input_std": growth**i})
        for i in range(8)
    ]
    found = told(
        poor_initialization,
        *sites,
        layers=(layer("fc1"),),
        trained=training(loss=falling(start, end)),
        parameters=(weight(std=0.1),),
        heads=(Head(("nll_loss", "log_softmax", "addmm"), "out", width=10),),
    )
    assert [f.severity for f in found] == severity


def test_units_that_no_datum_reaches() -> None:
    """Centres of a radial basis drawn where the data were before they were standardised."""
    lone = {"nonzero": 0, "moved": 0.0}
    bias = weight("head.bias", shape=(1,), fan_in=0)

    def reached(*parameters, sites=()):
        return told(
            poor_initialization,
            *sites,
            layers=(layer("rbf"), layer("head")),
            trained=STUCK,
            parameters=parameters,
        )

    centres, head = weight("rbf.centres", std=19.0, **lone), weight("head.weight", **lone)
    (finding,) = reached(centres, head, bias)
    assert (finding.severity, finding.layer) == ("error", "rbf")
    assert "nought" in finding.cause
    assert reached(weight("rbf.centres"), weight("head.weight"), bias) == ()
    assert reached(centres, head, weight("head.bias", shape=(1,), fan_in=0, **lone)) == ()  # cut
    assert reached(centres, head, bias, sites=(site("rbf.relu"),)) == ()  # dead: others tell


@pytest.mark.parametrize(
    ("sizes", "scales", "loss", "severity"),
    [
        ((0.0, 0.0), 2, 2.3, "error"),
        ((0.0, 0.0), 2, falling(2.3, 1.3), "warning"),
        ((0.0, 0.0), 2, falling(2.3, 1.1), "info"),
        ((0.0, 0.1), 2, 2.3, None),  # a way leads around them
        ((0.0, 0.0), 1, 2.3, None),
        ((0.0,), 2, 2.3, None),
    ],
)
def test_scales_of_zero_in_every_way(sizes, scales, loss, severity) -> None:
    made = [
        site(f"a{i}.act", order=i, series={"input_std": size, "input_mean": 0.0})
        for i, size in enumerate(sizes)
    ]
    zero = {"shape": (32,), "fan_in": 0, "std": 0.0, "zero_start": True}
    norms = [weight(f"norm{i}.weight", **zero) for i in range(scales)]
    parameters = (weight(std=0.125), *norms)
    found = told(
        poor_initialization,
        *made,
        layers=(layer("fc1"),),
        trained=training(loss=loss),
        parameters=parameters,
    )
    assert [f.severity for f in found] == ([severity] if severity else [])
    if found:
        assert "start at zero" in found[0].cause


@pytest.mark.parametrize(
    ("std", "broken", "found"),
    [(1.0, (), ["error"]), (0.1, (), []), (1.0, (NonFinite(0, "input", "input"),), [])],
)
def test_a_signal_beyond_all_numbers_in_the_first_pass(std, broken, found) -> None:
    """Of a field that is applied a hundred times over; broken data would do it to any weights."""
    infinite = curve(np.nan)
    infinite[0] = np.inf
    seen = record(
        site(series={"input_std": infinite}),
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=curve(np.inf), input_abs_max=1e20),
        circumstances=Circumstances(parameters=(weight(std=std), weight("fc2.weight", std=std))),
    )
    told_ = poor_initialization.RULE.check(dataclasses.replace(seen, non_finite=broken))
    assert [f.severity for f in told_] == found


@pytest.mark.parametrize(
    ("facts", "end", "spread", "severity"),
    [
        ({"applied": 29}, 0.25, 0.5, "warning"),  # the variance of the targets: their mean
        ({"applied": 29}, 0.02, 0.5, "info"),
        ({"applied": 29}, 9.0, 0.5, "info"),  # a sum of errors, not their mean
        ({"applied": 29}, 0.25, 5.0, "info"),  # better than the mean by far
        ({"applied": 1}, 0.25, 0.5, None),
        ({"applied": 29, "shape": (32, 64)}, 0.25, 0.5, None),  # no state's own matrix
    ],
)
def test_a_state_of_ones_own_that_is_multiplied_again_and_again(facts, end, spread, severity):
    found = told(
        poor_initialization,
        site(series={"input_std": 900.0}),
        layers=(layer("fc1"),),
        trained=training(loss=spiking(3e7, 3e7, end, 1)),
        parameters=(weight("fc1.again", **({"std": 0.28, "shape": (64, 64)} | facts)),),
        heads=(Head(("mse_loss", "squeeze", "addmm"), "head", target_std=spread),),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("function", "std", "flat", "end", "severity"),
    [
        ("tanh", 0.9, 0.65, 5.0, "warning"),
        ("tanh", 0.9, 0.65, 0.1, "info"),  # it learnt all the same
        ("tanh", 0.9, 0.45, 5.0, None),  # borderline: most of them have a slope
        ("tanh", 0.2, 0.65, 5.0, None),  # weights of a usual size: what enters made it so
        ("gelu", 0.9, 0.65, 5.0, None),  # one side of it has a slope wherever it is
    ],
)
def test_a_bounded_function_is_flat_long_before_a_signal_is_loud(
    function, std, flat, end, severity
) -> None:
    made = site(function=function, series={"input_std": 6.0, "saturated": flat})
    found = told(
        poor_initialization,
        made,
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=falling(9.0, end)),
        parameters=(weight(std=std),),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(("classes", "start", "severity"), [
    (27, 7.3, "warning"),  # four nats above a guess's 3.3, though only twice of it
    (27, 6.0, None),
    (10, 5.4, "warning"),
])  # fmt: skip
def test_a_first_loss_far_above_a_guess_by_what_it_adds(classes, start, severity) -> None:
    found = told(
        poor_initialization,
        site(series={"input_std": 4.0}),
        layers=(layer("fc1"),),
        trained=training(loss=falling(start, 2.0)),
        parameters=(weight(std=0.51),),
        heads=(Head(("nll_loss", "log_softmax", "addmm"), "fc1", width=classes),),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("second", "severity"),
    [(0.7, "warning"), (0.1, "info")],  # all hidden layers, or one: a hash, or a net that learnt
)
def test_where_every_hidden_layer_is_flat_a_loss_that_falls_excuses_nothing(
    second, severity
) -> None:
    sites = [
        site(f"a{i}.act", layer=f"a{i}", order=i, function="tanh", series={
            "input_std": 5.0, "saturated": share,
        })
        for i, share in enumerate((0.6, second))
    ]  # fmt: skip
    names = ("a0", "a1", "out")
    found = told(
        poor_initialization,
        *sites,
        layers=tuple(layer(name, order=i) for i, name in enumerate(names)),
        trained=training(loss=falling(40.0, 0.1)),
        parameters=tuple(weight(f"{name}.weight", std=1.0) for name in names),
        heads=(Head(("mean", "pow", "sub", "addmm"), "out"),),
    )
    assert [f.severity for f in found] == [severity]


@pytest.mark.parametrize(
    ("end", "severity"),
    [(40.0, "warning"), (0.5, "info")],  # a guess costs 0.7, logits of 85 about 50
)
def test_a_binary_cross_entropy_starts_as_high_as_its_logits_are_large(end, severity) -> None:
    made = site(series={"input_std": 85.0})
    head = Head(("binary_cross_entropy_with_logits", "addmm"), layer="fc2", width=1)
    (finding,) = told(
        poor_initialization,
        made,
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=falling(200.0, end)),
        parameters=(weight(std=1.0), weight("fc2.weight", std=1.0)),
        heads=(head,),
    )
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("std", "size", "kind", "end", "found"),
    [
        (0.02, 0.07, "Linear", 3.36, 1),  # 0.02 for a width of 64, and nothing that normalises
        (0.02, 0.07, "LayerNorm", 3.36, 0),
        (0.02, 0.07, "Linear", 1.0, 0),  # it learnt
        (0.02, 0.3, "Linear", 3.36, 0),
        (0.125, 0.07, "Linear", 3.36, 0),
    ],
)
def test_a_faint_signal_that_nothing_normalises(std, size, kind, end, found) -> None:
    told_ = told(
        poor_initialization,
        site(series={"input_std": size}),
        layers=(layer("fc1"), layer("fc2"), dataclasses.replace(layer("norm"), kind=kind)),
        trained=training(loss=falling(3.46, end)),
        parameters=(weight(std=std), weight("fc2.weight", std=std)),
    )
    assert len(told_) == found


@pytest.mark.parametrize(
    ("layers", "gain", "size", "end", "found"),
    [
        (6, 0.23, 1e-4, 2.3, 1),  # uniform up to 0.05 for a width of 64
        (6, 0.23, 1e-4, 0.5, 0),  # it learnt
        (6, 0.23, 0.2, 2.3, 0),  # something keeps the signal
        (4, 0.23, 1e-4, 2.3, 0),  # not that many
        (6, 0.58, 1e-4, 2.3, 0),  # PyTorch's own: what depth does to it others tell
    ],
)
def test_weights_too_small_for_so_many_layers(layers, gain, size, end, found) -> None:
    names = [f"fc{i}" for i in range(layers)]
    told_ = told(
        poor_initialization,
        site(series={"input_std": size}),
        layers=tuple(map(layer, names)),
        trained=training(loss=falling(2.3, end)),
        parameters=tuple(weight(f"{name}.weight", std=gain / 8) for name in names),
    )
    assert len(told_) == found
