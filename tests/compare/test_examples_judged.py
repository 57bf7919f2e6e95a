"""The comparisons that are shown as examples say what today's statistics say of their scores."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from rectifier.compare.document import from_json
from rectifier.compare.recommend import recommend
from rectifier.compare.resampling import chances_to_be_best, interquartile_mean
from rectifier.compare.statistics import mean_interval

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "compare"


@pytest.mark.parametrize("name", ["digits", "mnist1d", "fashion_mnist"])
def test_figures_follow_from_the_scores(name: str) -> None:
    kept = from_json((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    count = len(kept.settings["tuning_seeds"])
    studies = [place % count for place in range(len(kept.seeds))]
    chances = chances_to_be_best([row.scores for row in kept.rows], studies)
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
