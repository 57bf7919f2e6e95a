from __future__ import annotations

import math

import pytest

from rectifier.doctor.finding import Finding, Remedy
from rectifier.report import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (3.0, "3"), (-3.0, "−3"), (123456.0, "123456"), (0.05, "0.05"),
        (1234.56, "1235"), (-1234.56, "−1235"), (2.346e-7, "2.35e-7"), (9.87e12, "9.87e12"),
        (math.nan, "–"), (None, "–"), (math.inf, "∞"), (-math.inf, "−∞"), (999_999.7, "1e6"),
    ],
)  # fmt: skip
def test_number(value: float | None, text: str) -> None:
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"), (1.0, "100 %"), (0.5, "50 %"), (1 / 4096, "0.1 %"), (4095 / 4096, "99.9 %"),
        (0.0999, "10 %"), (0.905, "90 %"), (math.nan, "–"), (None, "–"),
    ],
)  # fmt: skip
def test_percent_never_rounds_some_to_none_or_all(share: float | None, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (4e-7, "400 ns"), (4.2e-6, "4.2 µs"), (0.25, "250 ms"), (59.94, "59.9 s"),
        (3600 * 2 + 60 * 5, "2 h 5 min"), (0.0, "0 s"), (math.nan, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_duration(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_score_in_the_unit_of_its_metric() -> None:
    assert wording.score(0.9712, "test accuracy") == "97.1"
    assert wording.score(0.0312, "test loss") == "0.0312"
    assert wording.difference(-0.0031, "test accuracy") == "−0.3"
    assert wording.score(math.nan, "test accuracy") == wording.UNKNOWN


def test_clean_takes_out_what_steers_a_terminal_or_hides_text() -> None:
    dirty = "a\x1b[31mb\x07\x00\u202ec\ud800\nd\x9b"
    shown = wording.clean(dirty)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert "\u202e" not in shown
    assert "\n" not in shown
    assert wording.clean_lines("a\r\nb") == "a\nb"
    shown.encode("utf-8")


def test_shorten_keeps_both_ends() -> None:
    assert wording.shorten("short", 8) == "short"
    cut = wording.shorten("encoder.layers.11.linear1.relu", 16)
    assert len(cut) == 16
    assert cut.startswith("encoder")
    assert cut.endswith("relu")


def test_remedy_and_evidence_read_as_words() -> None:
    remedy = Remedy("lower_learning_rate", "why", {"from": 0.5, "to": 0.05, "warmup": True})
    assert wording.remedy(remedy) == "Lower learning rate from 0.5 to 0.05"
    finding = Finding("dying_relu", "error", "c", evidence={"dead": 0.61, "median_bias": -4.2})
    assert wording.evidence(finding) == (("Dead", "61 %"), ("Median bias", "−4.2"))
    assert wording.title("dying_relu") == "Dying ReLU"
