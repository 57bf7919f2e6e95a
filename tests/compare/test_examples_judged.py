"""The comparisons that are shown as examples say what today's statistics say of their scores."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from rectifier import data
from rectifier.compare.differences import judged
from rectifier.compare.document import from_json
from rectifier.compare.prior import advice
from rectifier.compare.recommend import recommend
from rectifier.compare.resampling import chances_to_be_best, interquartile_mean
from rectifier.compare.statistics import mean_interval

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "compare"

TESTED = {"digits": 359, "mnist1d": 2000, "fashion_mnist": 10_000}
"""Samples of the test split, of which an accuracy is a share."""


@pytest.mark.parametrize("name", ["digits", "mnist1d", "fashion_mnist"])
def test_figures_follow_from_the_scores(name: str) -> None:
    kept = from_json((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    count = len(kept.settings["tuning_seeds"])
    studies = [place % count for place in range(len(kept.seeds))]
    chances = chances_to_be_best([row.scores for row in kept.rows], studies)
    assert kept.prior == advice(data.get(name).domain)
    judged_now, _ = judged([row.scores for row in kept.rows], 1 / TESTED[name], studies)
    for row, found in zip(kept.rows[1:], judged_now, strict=False):  # the leader's pairs come first
        assert row.p_value == pytest.approx(found.p_value, abs=1e-9)
        for told, now in (
            (row.difference, found.interval), (row.student, found.student),
            (row.bootstrap, found.bootstrap), (row.middle_difference, found.middle),
        ):  # fmt: skip
            assert told is not None
            assert now is not None
            assert (told.value, told.low, told.high) == pytest.approx(
                (now.value, now.low, now.high), abs=1e-6
            )
        zero_out = row.difference.low > 0 or row.difference.high < 0
        assert zero_out == (row.verdict == "worse")
    for row, chance in zip(kept.rows, chances, strict=True):
        assert row.chance_best == pytest.approx(chance, abs=0.002)
        for told, now in (
            (row.score, mean_interval(row.scores, studies)),
            (row.middle, interquartile_mean(row.scores, studies)),
        ):
            assert (told.value, told.low, told.high) == pytest.approx(
                (now.value, now.low, now.high), abs=1e-6
            )
    assert kept.recommendation == recommend(kept)
    page = (EXAMPLES / f"{name}.html").read_text(encoding="utf-8")
    assert html.escape(kept.recommendation.partition(". ")[2]) in page
