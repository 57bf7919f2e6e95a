from __future__ import annotations

from collections.abc import Callable

import pytest

from rectifier.compare import tuning
from rectifier.compare.plan import Plan
from rectifier.compare.run import run_comparison
from rectifier.compare.store import Store
from rectifier.compare.trial import Setting
from rectifier.compare.tuning import Search, at_edge, best

SEARCH = Search((), 8, (1e-3, 1e-1), (0.0, 0.2), (1e-3, 0.5))


def test_points_are_quasi_random_the_same_for_all_and_others_in_another_study() -> None:
    first = SEARCH.first(5)
    assert first == SEARCH.first(5)
    assert first != SEARCH.first(6)
    assert len(set(first)) == 8
    # One in each eighth of every range: what random points would not give.
    for low, high, name in ((1e-3, 1e-1, "learning_rate"), (1e-3, 0.5, "weight_decay")):
        values = sorted(getattr(setting, name) for setting in first)
        edges = [low * (high / low) ** (n / 8) for n in range(9)]
        for value, lower, upper in zip(values, edges, edges[1:], strict=False):
            assert lower * 0.99 <= value <= upper * 1.01
    assert all(0 <= setting.warmup <= 0.2 for setting in first)


def test_search_is_extended_beyond_an_edge_twice_and_not_within() -> None:
    points = SEARCH.first(1)
    rising = [(setting, float(place)) for place, setting in enumerate(points)]
    assert at_edge(rising) == 1
    more = SEARCH.beyond(1, rising)
    assert len(more) == tuning.BEYOND
    top = points[-1].learning_rate
    assert all(top < setting.learning_rate <= top * 3.2 for setting in more)
    rising += [(setting, 10.0 + place) for place, setting in enumerate(more)]
    again = SEARCH.beyond(1, rising)
    assert min(s.learning_rate for s in again) > max(s.learning_rate for s in more)
    rising += [(setting, 20.0 + place) for place, setting in enumerate(again)]
    assert SEARCH.beyond(1, rising) == ()
    falling = [(setting, -float(place)) for place, setting in enumerate(points)]
    assert at_edge(falling) == -1
    low = points[0].learning_rate
    assert all(s.learning_rate < low for s in SEARCH.beyond(1, falling))
    middle = [(setting, -abs(place - 3.0)) for place, setting in enumerate(points)]
    assert at_edge(middle) == 0
    assert SEARCH.beyond(1, middle) == ()


def test_of_equal_points_the_safer_one_is_taken() -> None:
    tried = [(Setting(0.1), 0.9), (Setting(0.01), 0.9), (Setting(0.001), 0.8)]
    assert best(tried) == Setting(0.01)


def test_a_grid_is_tried_as_it_is() -> None:
    grid = Search((0.01, 0.1), 8, (1e-3, 1e-1), (0.0, 0.0), (0.0, 0.0))
    assert grid.first(3) == (Setting(0.01), Setting(0.1))
    assert grid.beyond(3, [(Setting(0.01), 0.0), (Setting(0.1), 1.0)]) == ()


def test_every_study_chooses_for_itself_and_seeds_take_turns(
    quick: Callable[..., Plan],
) -> None:
    plan = quick(["relu", "tanh"], seeds=4, learning_rates=None, points=4, tuning_seeds=(100, 101))
    assert [plan.study_of(seed) for seed in plan.seeds] == [100, 101, 100, 101]
    with Store() as store:
        found = run_comparison(plan, store, engine="inline")
    tried = {(point.activation, point.study) for point in found.tuning}
    assert tried == {(name, study) for name in ("relu", "tanh") for study in (100, 101)}
    by_study = {
        study: {
            (p.learning_rate, p.warmup, p.weight_decay) for p in found.tuning if p.study == study
        }
        for study in (100, 101)
    }
    assert by_study[100] != by_study[101]
    assert found.trials == len(found.tuning) + 8
    assert "2 independent tuning studies" in " ".join(found.protocol)


@pytest.mark.parametrize("points", [2, 3, 8, 12])
def test_any_number_of_points_gives_no_warning(points: int) -> None:
    search = Search((), points, (1e-3, 1e-1), (0.1, 0.1), (0.0, 0.0))
    assert len(search.first(0)) == points
    assert {s.warmup for s in search.first(0)} == {0.1}
    assert {s.weight_decay for s in search.first(0)} == {0.0}
