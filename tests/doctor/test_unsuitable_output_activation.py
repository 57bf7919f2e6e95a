"""Rule unsuitable_output_activation on hand-made heads: sick, healthy and borderline."""

from __future__ import annotations

import math

import numpy as np
import pytest
from doctor_records import STEPS, record, site, training

from rectifier.doctor.rules.unsuitable_output_activation import RULE
from rectifier.watch.record import Circumstances, Head, OptimizerFacts


def told(*chain: str, **facts):
    head = Head(chain, "out", **facts)
    return RULE.check(record(circumstances=Circumstances(heads=(head,))))


@pytest.mark.parametrize(
    ("chain", "severity"),
    [
        (("nll_loss", "log_softmax", "softmax", "addmm"), "error"),
        (("nll_loss", "log_softmax", "view", "sigmoid", "addmm"), "error"),
        (("mean", "neg", "gather", "log_softmax", "softmax", "addmm"), "error"),
        (("binary_cross_entropy_with_logits", "squeeze", "sigmoid", "addmm"), "error"),
        (("nll_loss", "log_softmax", "tanh", "addmm"), "warning"),
        (("nll_loss", "log_softmax", "relu", "addmm"), "warning"),
        (("nll_loss", "softmax", "addmm"), "error"),
        (("nll_loss", "addmm"), "error"),
        (("kl_div", "softmax", "addmm"), "error"),
        (("div", "sum", "sub", "mul", "softmax", "addmm"), "error"),  # kl_div as the graph has it
    ],
)
def test_a_loss_that_gets_what_it_does_not_expect(chain, severity) -> None:
    (finding,) = told(*chain, output_low=0.1, output_high=0.9, width=8)
    assert finding.severity == severity
    assert finding.layer == "out"
    assert finding.remedies


@pytest.mark.parametrize(
    "chain",
    [
        ("nll_loss", "log_softmax", "addmm"),
        ("nll_loss", "log", "softmax", "addmm"),  # the logarithm spelt out
        ("nll_loss", "log_softmax", "mul", "tanh", "addmm"),  # bounded on purpose, with a scale
        ("nll_loss", "log_softmax", "div", "bmm*", "softmax", "addmm"),  # attention
        ("binary_cross_entropy", "sigmoid", "addmm"),
        ("kl_div", "log_softmax", "div", "addmm"),
        ("mean", "pow", "sub", "addmm"),
        ("div", "sum", "sub", "mul", "log_softmax", "addmm"),  # kl_div
        ("rsub", "sum", "mul", "softmax", "addmm"),  # an overlap
        ("neg", "mean", "sum", "mul", "softmax", "addmm"),  # an expected value
    ],
)
def test_what_suits_is_not_accused(chain) -> None:
    assert told(*chain, output_low=0.1, output_high=0.9, width=8) == ()


@pytest.mark.parametrize(
    ("others", "loss", "count"),
    [
        ((), np.linspace(1.0, -9.0, 300), 1),  # of probabilities it is never negative
        ((), np.linspace(1.0, 0.1, 300), 0),
        ((("mean", "pow", "sub", "addmm"),), np.linspace(1.0, -9.0, 300), 0),  # whose loss is it?
    ],
)
def test_a_likelihood_that_becomes_negative_is_none(others, loss, count) -> None:
    heads = tuple(Head(chain, "out") for chain in (("nll_loss", "div", "add*", "addmm"), *others))
    found = RULE.check(record(trained=training(loss), circumstances=Circumstances(heads=heads)))
    assert ["raw outputs" in finding.cause for finding in found] == count * [True]


def test_probabilities_under_a_likelihood_are_called_so() -> None:
    """Their loss is negative, too; the cure is a log-softmax in place of the softmax."""
    heads = (Head(("nll_loss", "softmax", "addmm"), "out"),)
    facts = Circumstances(heads=heads)
    (finding,) = RULE.check(
        record(trained=training(np.linspace(-0.1, -0.6, 300)), circumstances=facts)
    )
    assert "the result of softmax" in finding.cause
    assert finding.remedies[0].action == "remove_output_activation"
    assert finding.remedies[0].settings["log"] is True


def test_a_softmax_over_one_value_is_a_constant() -> None:
    (finding,) = told("binary_cross_entropy", "softmax", "addmm", width=1)
    assert finding.severity == "error"
    assert dict(finding.remedies[0].settings) == {"function": "softmax", "to": "sigmoid"}
    assert told("binary_cross_entropy", "softmax", "addmm", width=2) == ()


@pytest.mark.parametrize(("outside", "severity"), [(0.04, None), (0.06, "warning"), (0.8, "error")])
def test_targets_out_of_reach(outside, severity) -> None:
    found = told("mse_loss", "tanh", "addmm", outside=outside, target_low=-6.0, target_high=6.0)
    assert [f.severity for f in found] == ([severity] if severity else [])
    by_hand = told("mean", "pow", "sub", "tanh", "addmm", outside=outside)
    assert len(by_hand) == len(found)
    softplus = told("huber_loss", "select", "softplus", "addmm", outside=outside)
    assert len(softplus) == len(found)
    scaled = told("mse_loss", "mul", "tanh", "addmm", outside=outside)
    assert scaled == ()


def test_a_relu_under_the_last_sigmoid_but_not_under_a_gate() -> None:
    (finding,) = told("binary_cross_entropy", "squeeze", "sigmoid", "relu", "addmm", width=1)
    assert finding.remedies[0].settings["function"] == "relu"
    assert told("mse_loss", "mul*", "sigmoid", "relu", "addmm", width=1) == ()


def test_probabilities_where_logarithms_are_wanted_get_them() -> None:
    (finding,) = told("div", "sum", "sub", "mul", "softmax", "addmm", width=8)
    assert dict(finding.remedies[0].settings) == {"function": "softmax", "log": True}


@pytest.mark.parametrize(
    ("held", "short", "severity"),
    [
        (0.3, 0.05, "info"),  # the targets scatter about the bound
        (0.3, -0.5, "info"),  # or lie within, as behind a softplus that never quite is zero
        (0.3, 0.4, "error"),  # they lie beyond it on average
        (0.95, 0.0, "error"),  # nearly every output is at the bound: it follows nothing
        (0.0, float("nan"), "error"),  # not known
    ],
)
def test_targets_that_are_noise_about_a_truth_within_reach(held, short, severity) -> None:
    (finding,) = told("mse_loss", "sigmoid", "addmm", outside=0.4, held=held, short=short)
    assert finding.severity == severity
    assert bool(finding.remedies) == (severity == "error")


@pytest.mark.parametrize(
    ("excess", "severity"), [(0.035, "info"), (0.045, "info"), (0.075, "error"), (0.09, "error")]
)
def test_of_noise_half_at_most_lies_beyond_a_truth_within(excess, severity) -> None:
    """Of a loss that ended at some 0.117, a truth beyond the range makes up more than that."""
    facts = {"outside": 0.3, "held": 0.2, "short": 0.3, "excess": excess}
    (finding,) = told("mse_loss", "tanh", "addmm", **facts)
    assert finding.severity == severity


def test_noise_excuses_neither_a_run_that_learnt_nothing_nor_other_losses() -> None:
    facts = {"outside": 0.4, "held": 0.3, "short": 0.05}
    head = Head(("mse_loss", "sigmoid", "addmm"), "out", **facts)
    flat = training(loss=1.0)
    (finding,) = RULE.check(record(trained=flat, circumstances=Circumstances(heads=(head,))))
    assert finding.severity == "error"
    (finding,) = told("mean", "maximum*", "mul", "sub", "relu", "addmm", **facts)
    assert finding.severity == "error"  # a quantile is no mean
    (finding,) = told("mse_loss", "sigmoid", "addmm", **(facts | {"outside": 0.7}))
    assert finding.severity == "error"


def test_a_softmax_over_the_batch() -> None:
    chain = ("nll_loss", "log_softmax", "addmm")
    (finding,) = told(*chain, width=16, across=True)
    assert finding.severity == "error"
    assert "dim=1" in finding.cause
    assert finding.remedies[0].settings["dim"] == 1
    assert told(*chain, width=3) == ()


def test_an_lstm_as_the_output_of_a_regression() -> None:
    facts = {"outside": 0.9, "low": -1.0, "high": 1.0, "target_low": 0.0, "target_high": 9.0}
    (finding,) = told("mse_loss", "select", "mkldnn_rnn_layer", **facts)
    assert finding.severity == "error"
    assert "a recurrent layer (-1 to 1)" in finding.cause
    assert told("mse_loss", "select", "mkldnn_rnn_layer", **(facts | {"outside": 0.0})) == ()


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
@pytest.mark.parametrize(("low", "high", "found"), [(-1.0, 1.0, 1), (0.0, 2.0, 1), (0.0, 1.0, 0)])
def test_labels_that_are_no_probabilities(loss, low, high, found) -> None:
    assert len(told(loss, "view", "addmm", target_low=low, target_high=high)) == found


@pytest.mark.parametrize(("outside", "found"), [(0.3, 1), (0.0, 0)])
def test_several_labels_at_once_under_a_softmax(outside, found) -> None:
    facts = {"target_low": 0.0, "target_high": 1.0, "outside": outside, "width": 5}
    assert len(told("binary_cross_entropy", "softmax", "addmm", **facts)) == found


@pytest.mark.parametrize(("low", "high", "found"), [(0.0, 1.0, 1), (-30.0, 30.0, 0)])
def test_logits_that_a_clamp_squashes_or_only_guards(low, high, found) -> None:
    assert len(told("nll_loss", "log_softmax", "clamp", "addmm", low=low, high=high)) == found


@pytest.mark.parametrize(
    ("between", "low", "high", "found"),
    [
        (("exp", "relu"), 1.0, 2.8, ["warning"]),
        (("exp", "mul", "relu"), 1.0, 2.8, ["warning"]),  # of half a log-variance
        (("exp", "relu"), 0.02, 1.0, []),  # exp(-relu): a decay, never above one
        (("exp", "hardtanh"), 1.0, 2.8, []),
    ],
)
def test_an_exponential_of_a_relu_never_falls_below_one(between, low, high, found) -> None:
    told_ = told("mean", "sum", "sub*", *between, "addmm", output_low=low, output_high=high)
    assert [f.severity for f in told_] == found
    for finding in told_:
        assert finding.remedies[0].settings == {"function": "relu", "regression": True}


@pytest.mark.parametrize(
    ("scale", "wants", "told_of"),
    [
        (0.25, "log_softmax", True),
        (2.0, "log_softmax", True),
        (10.0, "log_softmax", False),
        (math.nan, "log_softmax", False),
        (0.25, "softmax", False),  # may be attention
    ],
)
def test_a_temperature_that_leaves_the_range_narrow_saves_nothing(scale, wants, told_of) -> None:
    chain = ("mse_loss", wants, "div", "sigmoid", "addmm")
    head = Head(chain, "head", width=10, low=0.0, high=1.0, scale=scale)
    findings = RULE.check(record(circumstances=Circumstances(heads=(head,))))
    assert bool(findings) is told_of


def test_a_critic_whose_means_are_compared_gives_no_probability() -> None:
    def judged(*chains: tuple[str, ...], optimizers: int = 2):
        heads = tuple(Head(c, "critic", width=1, low=0.0, high=1.0) for c in chains)
        both = tuple(OptimizerFacts("RMSprop") for _ in range(optimizers))
        return RULE.check(record(circumstances=Circumstances(heads=heads, optimizers=both)))

    compared = ("add*", "sub*", "mean", "view", "sigmoid", "addmm")
    fooled = ("neg", "mean", "sigmoid", "addmm")
    (finding,) = judged(compared, fooled)
    assert finding.remedies[0].settings == {"function": "sigmoid", "regression": True}
    assert judged(compared) == ()
    assert judged(compared, fooled, optimizers=1) == ()
    assert judged(("sub*", "mean", "addmm"), ("neg", "mean", "addmm")) == ()
    assert judged(("log", "sub*", "mean", "sigmoid", "addmm"), fooled) == ()


def test_the_share_of_a_loss_in_a_sum_hides_nothing() -> None:
    """A box's loss beside that of its kind, times a tenth."""
    given = {"output_low": 0.1, "output_high": 1.0, "low": 0.0, "high": 1.0, "outside": 0.98}
    (finding,) = told("add*", "mul", "smooth_l1_loss", "sigmoid", "addmm", **given)
    assert finding.severity == "error"
    assert told("add*", "mul", "smooth_l1_loss", "addmm", **given) == ()
    assert told("mean", "mul", "mul", "sigmoid", "addmm", **given) == ()  # a product of outputs


@pytest.mark.parametrize(
    ("mute", "dead", "loss", "severity"),
    [
        (0.1, 10, None, "warning"),
        (0.1, 10, 2.3, "error"),
        (0.1, 0, None, None),  # silent in one batch, alive in others
        (0.0, 10, None, None),  # whose targets are nought
        (math.nan, 10, None, None),
    ],
)
def test_values_of_a_rectified_output_that_are_dead(mute, dead, loss, severity) -> None:
    head = Head(("mse_loss", "relu", "addmm"), "out", width=100, mute=mute)
    last = site("out.relu", layer="out", born_dead=dead)
    found = RULE.check(
        record(last, trained=training(loss), circumstances=Circumstances(heads=(head,)))
    )
    assert [f.severity for f in found] == ([severity] if severity else [])
    if severity:
        assert dict(found[0].remedies[0].settings) == {"function": "relu", "regression": True}


@pytest.mark.parametrize(
    ("outside", "high", "to"), [(0.3, 1.0, "sigmoid"), (0.3, 5.0, None), (0.02, 1.0, "nothing")]
)
@pytest.mark.parametrize("loss", [("mse_loss",), ("mean", "abs", "sub")])
def test_rows_of_targets_that_are_no_shares_under_a_regression(loss, outside, high, to) -> None:
    """Labels from 0 to 1 want a sigmoid each, other numbers a linear output."""
    facts = {"target_low": 0.0, "target_high": high, "outside": outside, "width": 3}
    found = told(*loss, "softmax", "addmm", **facts)
    assert len(found) == (to != "nothing")
    if found:
        assert found[0].remedies[0].settings.get("to") == to


@pytest.mark.parametrize(
    ("given", "low", "end", "found"),
    [
        ("tanh", -0.9, float("nan"), True),
        ("tanh", -0.9, 0.5, False),  # nothing broke: something keeps it off the edge
        ("tanh", 0.1, float("nan"), False),  # it never was below nought
        ("sigmoid", 0.0, float("nan"), False),
    ],
)
def test_a_logarithm_of_what_a_tanh_gives(given, low, end, found) -> None:
    chain = ("neg", "mean", "sum", "add*", "mul", "log", "add", given, "addmm")
    head = Head(chain, "dec.2", output_low=low, output_high=0.9, width=64)
    loss = np.full(STEPS, end)
    loss[0] = 3.0
    seen = record(trained=training(loss), circumstances=Circumstances(heads=(head,)))
    told_ = RULE.check(seen)
    assert [f.remedies[0].settings["to"] for f in told_] == (["sigmoid"] if found else [])
