"""Rule missing_activation on hand-made joints: sick, healthy and borderline."""

from __future__ import annotations

from doctor_records import record

from rectifier.doctor.rules.missing_activation import RULE
from rectifier.watch.record import Circumstances, Joint


def told(*joints: Joint, wired: int):
    return RULE.check(record(circumstances=Circumstances(joints=joints, wired=wired)))


def joint(first="a", second="b", kind="linear", inputs=8, width=16, outputs=4, **more) -> Joint:
    return Joint(first, second, kind, inputs, width, outputs, **more)


def test_a_linear_network_is_an_error() -> None:
    (finding,) = told(joint("a", "b"), joint("b", "c"), wired=2)
    assert finding.severity == "error"
    assert "one linear map" in finding.cause
    assert finding.remedies[0].action == "add_activation"
    assert set(finding.remedies[0].scope["layers"]) == {"a", "b"}


def test_half_of_the_layers_without_is_a_warning_and_one_a_note() -> None:
    (finding,) = told(joint("a", "b"), joint("c", "d"), wired=4)
    assert finding.severity == "warning"
    (note,) = told(joint("a", "b"), wired=4)
    assert note.severity == "info"
    assert not note.remedies


def test_a_layer_that_several_others_follow_is_one_redundant_layer() -> None:
    (note,) = told(joint("a", "queries"), joint("a", "values"), wired=4)
    assert note.severity == "info"
    (finding,) = told(joint("a", "queries"), joint("b", "values"), wired=4)
    assert finding.severity == "warning"


def test_a_normalisation_of_each_example_is_no_activation() -> None:
    (finding,) = told(joint("a", "b", normed=True), joint("b", "c", normed=True), wired=2)
    assert finding.severity == "error"
    assert "but normalisation" in finding.cause
    (note,) = told(joint("patches", "q", normed=True), wired=6)
    assert note.severity == "info"


def test_bottlenecks_and_separable_convolutions_are_meant() -> None:
    assert told(joint(inputs=64, width=4, outputs=64), wired=1) == ()
    assert told(joint(kind="conv", grouped=True), wired=1) == ()
    assert told(wired=5) == ()


def test_a_flattened_feature_map_before_a_head_is_not_told() -> None:
    assert told(joint(kind="mixed", inputs=8, width=256, outputs=10), wired=4) == ()


def test_sums_of_layers_count_where_nothing_else_lies_between() -> None:
    (finding,) = told(joint("a", "c", summed=True), joint("c", "d"), wired=2)
    assert finding.severity == "error"
    residual = (joint("a", "c", summed=True), joint("c", "e", summed=True))
    assert told(*residual, wired=4) == ()


def test_a_linear_field_under_an_integrator_is_linear_however_often_it_is_applied() -> None:
    def judged(*joints: Joint, linear: bool):
        facts = Circumstances(joints=joints, wired=31, linear=linear)
        return RULE.check(record(circumstances=facts))

    field = joint("inner", "outer", inputs=2, width=64, outputs=2)
    back = joint("outer", "inner", inputs=64, width=2, outputs=64, summed=True)
    (finding,) = judged(field, back, linear=True)
    assert finding.severity == "error"
    assert finding.remedies[0].scope["layers"] == ["inner"]
    (note,) = judged(field, back, linear=False)
    assert note.severity == "info"


def test_a_linear_system_is_meant() -> None:
    state = joint("a", "a", inputs=8, width=8, outputs=8)
    summed = [joint("b", "a", summed=True), joint("a", "c", summed=True)]
    facts = Circumstances(joints=(state, *summed), wired=30, linear=True)
    assert all(f.severity == "info" for f in RULE.check(record(circumstances=facts)))
