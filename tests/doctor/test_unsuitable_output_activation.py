"""Rule unsuitable_output_activation on hand-made heads: sick, healthy and borderline."""

from __future__ import annotations

import pytest
from doctor_records import record

from rectifier.doctor.rules.unsuitable_output_activation import RULE
from rectifier.watch.record import Circumstances, Head


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
