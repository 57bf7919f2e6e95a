"""The order of findings, the merging of many, and bad input."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from doctor_records import STEPS, curve, falling, record, site, spike, spiking, training

from rectifier import doctor
from rectifier.doctor import rules
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.watch.record import NonFinite, Record

EXPECTED = {
    "born_dead",
    "dying_relu",
    "exploding_gradient",
    "learning_rate_too_high",
    "non_finite",
    "vanishing_gradient",
}


def test_every_file_is_a_rule_with_a_source() -> None:
    assert set(rules.names()) >= EXPECTED
    for name in rules.names():
        rule = rules.get(name)
        assert rule.id == name
        assert rule.source
        assert rule.summary.endswith(".")
        assert "Source:" in (rule.check.__doc__ or "")


def test_the_cause_comes_before_what_it_caused() -> None:
    sick = record(
        site("fc1.relu", dead_at={14: 90}),
        site("fc2.relu", dead_at={16: 100}, order=1, born_dead=0),
        trained=training(spiking(2.3, 40.0, 2.3, 12), spike(1e-2, 1.5, 11), 0.5),
    )
    found = doctor.diagnose(sick)
    assert [f.rule for f in found] == ["learning_rate_too_high", "dying_relu", "dying_relu"]
    assert [f.consequence_of for f in found] == ["", *["learning_rate_too_high"] * 2]


def test_a_cause_that_came_later_is_none() -> None:
    sick = record(
        site("fc1.relu", dead_at={14: 90}),
        trained=training(spiking(2.3, 40.0, 2.3, 200), spike(1e-2, 1.5, 199), 0.5),
    )
    found = doctor.diagnose(sick)
    assert found[0].rule == "dying_relu"
    assert found[0].consequence_of == ""


def test_of_two_that_explain_each_other_the_first_is_the_cause() -> None:
    """Within the slack that samples need, either could be taken for the other's cause."""
    loss = np.where(np.arange(STEPS) < 12, np.geomspace(1.0, 1e300, STEPS), np.nan)
    sick = record(
        trained=training(loss, spike(1e-2, 10.0, 5, width=35), 1.0),
        non_finite=(NonFinite(12, "loss", "mse_loss"),),
    )
    found = doctor.diagnose(sick)
    assert [f.rule for f in found] == ["learning_rate_too_high", "non_finite"]
    assert [f.consequence_of for f in found] == ["", "learning_rate_too_high"]


def test_notes_come_last() -> None:
    sick = record(
        site("a.relu", dead_at={14: 5}),
        site("b.relu", born_dead=90, order=1),
    )
    assert [f.severity for f in doctor.diagnose(sick)] == ["error", "info"]


def test_many_layers_of_one_cause_are_merged() -> None:
    sites = [site(f"l{i}.relu", born_dead=90, bias_start=-5.0, order=i) for i in range(12)]
    found = doctor.diagnose(record(*sites))
    assert len(found) == 3
    assert found[-1].also == tuple(f"l{i}.relu" for i in range(3, 12))
    assert "same holds for 'l3', 'l4', 'l5', 'l6' and 5 more" in found[-1].cause


@pytest.mark.parametrize(
    "healthy",
    [
        Record(),
        Record(notes=("No activation was seen.",)),
        record(),
        record(site()),
        record(site(rate=0.05)),
        record(site(units=1)),
        record(site(steps=1), trained=training(steps=1)),
        record(trained=training(curve(np.nan), np.nan, np.nan)),
        record(trained=training(-falling(1.0, 5.0))),
    ],
)
def test_healthy_and_empty_records_have_no_findings(healthy: Record) -> None:
    assert doctor.diagnose(healthy) == ()


def test_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="dying_relu"):
        doctor.diagnose(record(), rules=("dyin_relu",))


def test_chosen_rules_only() -> None:
    sick = record(site(dead_at={14: 90}, born_dead=5))
    assert {f.rule for f in doctor.diagnose(sick, rules=("dying_relu",))} == {"dying_relu"}


def test_records_survive_the_file(tmp_path) -> None:
    sick = record(site("fc1.relu", dead_at={14: 90}, bias_at_death=-2.0))
    place = tmp_path / "record.json"
    place.write_text(sick.to_json(), encoding="utf-8")
    assert doctor.diagnose(doctor.load_record(place)) == doctor.diagnose(sick)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[]", b'{"schema": 99}'])
def test_bad_record_files(tmp_path, content: bytes | None) -> None:
    place = tmp_path / "record.json"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(InvalidInputError):
        doctor.load_record(place)


def test_judging_loads_no_framework() -> None:
    code = (
        "import sys; from rectifier.doctor import diagnose, rules; "
        "from rectifier.watch.record import Record; diagnose(Record()); rules.names(); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
