"""A verdict follows from a range and an interval alone; here both are made up."""

from __future__ import annotations

import math

import pytest

from rectifier.claims.record import VERDICTS, Estimate, Quantity, Range, about, exactly
from rectifier.claims.verdict import conclude, deciding, is_open, judge, more, readings, reason

SIX = Quantity("speed-up", Range(5, 7))


@pytest.mark.parametrize(
    ("low", "high", "word", "why"),
    [
        (5.5, 6.5, "reproduced", "inside"),
        (5.0, 7.0, "reproduced", "inside"),
        (1.0, 4.9, "not reproduced", "outside"),
        (7.1, 9.0, "not reproduced", "outside"),
        (4.9, 6.5, "not reproduced", "open"),
        (6.0, 7.1, "not reproduced", "open"),
        (1.0, 9.0, "not reproduced", "open"),
        (6.0, math.inf, "not reproduced", "open"),
        (-math.inf, math.inf, "not reproduced", "open"),
    ],
)
def test_the_whole_interval_must_lie_in_the_range(
    low: float, high: float, word: str, why: str
) -> None:
    middle = (low + high) / 2 if math.isfinite(low + high) else max(low, 6.0)
    found = Estimate(middle, low, high)
    assert judge(SIX, found) == word
    assert why in reason(SIX, found)


def test_nothing_measured_is_not_testable() -> None:
    assert judge(SIX, None) == "not testable here"
    assert conclude([SIX], []) == "not testable here"
    assert conclude([], []) == "not testable here"


@pytest.mark.parametrize("low", [5.5, 1.0])
def test_a_proxy_never_reproduces_nor_refutes_the_original(low: float) -> None:
    proxy = Quantity("speed-up on digits", Range(5, 7), proxy=True)
    found = Estimate(low + 0.5, low, low + 1)
    assert judge(proxy, found) == "not testable here"
    assert reason(proxy, found).startswith("a proxy")


@pytest.mark.parametrize("found", [None, Estimate(6, 5.5, 6.5), Estimate(1, 1, 1)])
def test_what_the_source_denies_stays_denied_whatever_is_measured(found: Estimate | None) -> None:
    denied = Quantity("layers with biases of 1", exactly(3), source=exactly(2))
    assert judge(denied, found) == "contradicted by its source"
    borne_out = Quantity("layers with biases of 1", exactly(3), source=Range(2.5, 3.0))
    assert judge(borne_out, found) != "contradicted by its source"


def test_the_quantity_that_decides_is_the_one_to_show() -> None:
    inside, across, outside = Estimate(6, 5.5, 6.5), Estimate(6, 4, 8), Estimate(1, 0, 2)
    told = Quantity("told only")
    assert deciding([told, SIX, SIX, SIX], [outside, inside, across, outside]) == 3
    assert deciding([told, SIX, SIX, SIX], [outside, inside, across, inside]) == 2
    assert deciding([told, SIX], [outside, inside]) == 1
    assert deciding([SIX, Quantity("one", exactly(3), source=exactly(2))], []) == 1
    assert deciding([told], []) is None


def test_a_quantity_that_states_nothing_has_no_say() -> None:
    told = Quantity("dead units", None)
    assert judge(told, Estimate(1, 1, 1)) is None
    assert conclude([SIX, told], [Estimate(6, 5.5, 6.5), None]) == "reproduced"


def test_all_quantities_must_hold() -> None:
    good, bad = Estimate(6, 5.5, 6.5), Estimate(1, 0.5, 1.5)
    denied = Quantity("layers", exactly(3), source=exactly(2))
    proxy = Quantity("on digits", Range(5, 7), proxy=True)
    assert conclude([SIX, SIX], [good, good]) == "reproduced"
    assert conclude([SIX, SIX], [good, bad]) == "not reproduced"
    assert conclude([SIX, SIX], [good, None]) == "not testable here"
    assert conclude([SIX, proxy], [good, good]) == "not testable here"
    assert conclude([SIX, proxy], [bad, good]) == "not reproduced"
    assert conclude([SIX, denied], [bad, good]) == "contradicted by its source"
    with pytest.raises(ValueError, match="zip"):
        conclude([SIX, SIX], [good])


def test_a_claim_is_judged_in_every_reading_and_gets_the_worst_word() -> None:
    shared = Quantity("fits both", Range(0, 1))
    narrow = Quantity("as argued", Range(0, 1), reading="narrow")
    wide = Quantity("as worded", Range(0, 1), reading="wide")
    quantities = (shared, narrow, wide)
    inside, outside = Estimate(0.5, 0.4, 0.6), Estimate(2, 2, 2)
    estimates = (inside, inside, outside)
    words = {"narrow": "reproduced", "wide": "not reproduced"}
    assert dict(readings(quantities, estimates)) == words
    assert conclude(quantities, estimates) == "not reproduced"
    assert dict(readings(quantities, (outside, inside, inside))) == dict.fromkeys(
        words, "not reproduced"
    ), "a quantity without a reading counts in all"
    assert readings((shared,), (inside,)) == ()
    assert dict(readings(quantities, ())) == dict.fromkeys(words, "not testable here")


def test_open_means_that_nothing_lies_outside() -> None:
    across, outside, inside = Estimate(5, 4, 6), Estimate(1, 0, 2), Estimate(6, 5.5, 6.5)
    assert is_open([SIX], [across])
    assert is_open([SIX, SIX], [across, inside])
    assert not is_open([SIX, SIX], [across, outside])
    assert not is_open([SIX], [inside]), "reproduced"
    assert not is_open([SIX], []), "not measured"
    denied = Quantity("layers", exactly(3), source=exactly(2))
    assert not is_open([SIX, denied], [across, inside]), "contradicted by its source"


GAIN = Quantity("won", Range(low=0.0), matters=0.5)


@pytest.mark.parametrize(
    ("low", "high", "word", "open_", "why"),
    [
        (0.1, 0.3, "reproduced", False, "inside"),  # small, but there
        (-0.2, 0.4, "not reproduced", False, "no such difference"),
        (-0.2, 0.6, "not reproduced", True, "open"),
        (-2.0, -1.0, "not reproduced", False, "outside"),
        (-math.inf, math.inf, "not reproduced", True, "open"),
    ],
)
def test_a_difference_too_small_to_matter_is_settled(
    low: float, high: float, word: str, open_: bool, why: str
) -> None:
    found = Estimate(low if math.isinf(low) else (low + high) / 2, low, high)
    assert judge(GAIN, found) == word
    assert is_open([GAIN], [found]) is open_
    assert why in reason(GAIN, found)
    less = Quantity("lost", Range(high=0.0), matters=0.5)
    mirrored = Estimate(-found.value, -high, -low)
    assert (judge(less, mirrored), is_open([less], [mirrored])) == (word, open_)
    assert why in reason(less, mirrored)


def test_extremes_are_never_open() -> None:
    depth = Quantity("layers", Range(5, 10), extremes=True)
    assert judge(depth, Estimate(6, 5, 10)) == "reproduced"
    across = Estimate(6, 4, 10)
    assert judge(depth, across) == "not reproduced"
    assert not is_open([depth], [across])
    assert reason(depth, across) == "for some seeds outside the stated range"
    assert reason(depth, Estimate(2, 1, 4)) == "outside the stated range"


@pytest.mark.parametrize(
    ("quantity", "found", "factor"),
    [
        (SIX, Estimate(6, 4, 8), 4.0),  # to lie within 5 to 7
        (SIX, Estimate(6.5, 4.5, 8.5), 16.0),
        (SIX, Estimate(4, 2, 6), 4.0),  # to lie below 5
        (SIX, Estimate(8, 6, 10), 4.0),  # to lie above 7
        (SIX, Estimate(5, 4, 6), None),  # at a bound for good
        (GAIN, Estimate(0.25, -0.5, 1.0), 9.0),
        (GAIN, Estimate(0.4, -0.4, 1.2), 4.0),  # above 0 before it is below 0.5
        (GAIN, Estimate(0.0, -1.0, 1.0), 4.0),
        (GAIN, Estimate(1.0, -1.0, math.inf), None),
    ],
)
def test_how_many_more_seeds_would_settle_it(
    quantity: Quantity, found: Estimate, factor: float | None
) -> None:
    assert more(quantity, found) == (factor if factor is None else pytest.approx(factor))
    assert is_open([quantity], [found])
    told = reason(quantity, found)
    assert (f"about {factor:.2g} times the seeds" in told) if factor else ("about" not in told)
    if factor:
        narrow = 1.01 * factor**0.5
        low = found.value - (found.value - found.low) / narrow
        high = found.value + (found.high - found.value) / narrow
        assert not is_open([quantity], [Estimate(found.value, low, high)]), "so many do"


def test_what_settles_decides_before_what_is_open() -> None:
    small, across = Estimate(0.1, -0.2, 0.4), Estimate(6, 4, 8)
    assert deciding([SIX, GAIN], [across, small]) == 1
    assert not is_open([SIX, GAIN], [across, small])


def test_ranges_and_estimates_are_checked() -> None:
    with pytest.raises(ValueError, match="past its bounds"):
        Quantity("speed-up", Range(5, 7), matters=1.0)
    with pytest.raises(ValueError, match="past its bounds"):
        Quantity("won", Range(low=0.0), matters=-1.0)
    assert about(0.5).low == pytest.approx(0.45)
    with pytest.raises(ValueError, match="low to high"):
        Range(2, 1)
    with pytest.raises(ValueError, match="outside its interval"):
        Estimate(3, 1, 2)
    assert len(VERDICTS) == len(set(VERDICTS)) == 4
