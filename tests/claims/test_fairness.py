"""Who is compared gets a learning rate of its own, so that a verdict is not about that rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from rectifier.claims import ledger
from rectifier.claims.lab import Lab
from rectifier.claims.notebook import Notebook

TOLD: dict[str, Any] = {
    "losses": [1.0] * 60, "failed": False, "train": 0.9, "validation": 0.9, "test": 0.9,
    "mean": 0.5, "loss": 1.0, "first": 1.0, "last": 1.0, "hits": 1, "rows": 2,
}  # fmt: skip
"""What every trial says; ``reached`` is left to the test."""


class Noted(Lab):
    """Runs nothing: notes what was asked for, and lets the test say when a run arrives."""

    def __init__(self, reached: Callable[[Mapping[str, Any]], int | None]) -> None:
        super().__init__(Notebook())
        self.asked: list[dict[str, Any]] = []
        self._reached = reached

    def map(self, function: Callable[..., Any], settings: Iterable[Mapping[str, Any]]) -> list[Any]:
        given = [dict(setting) for setting in settings]
        self.asked += given
        times = {name: [1.0] * 8 for name in ("relu", "elu")}
        return [
            times if "rounds" in setting else {**TOLD, "reached": self._reached(setting)}
            for setting in given
        ]


@pytest.mark.parametrize("name", ["C01", "C14", "C19", "C24", "C25", "C32", "C33"])
def test_each_activation_is_tried_at_several_rates(name: str) -> None:
    lab = Noted(lambda setting: 10)
    measure = ledger.get(name).measure
    assert measure is not None
    measure(lab)
    tried: dict[str, set[float]] = {}
    for setting in lab.asked:
        if "rate" in setting:
            tried.setdefault(setting["activation"], set()).add(setting["rate"])
    assert len(tried) > 1
    assert all(len(rates) >= 3 for rates in tried.values()), tried


def test_a_deep_sigmoid_network_may_take_its_own_rate() -> None:
    """Five layers of sigmoid learn digits, but at ten times the rate that suits ReLU."""

    def reached(setting: Mapping[str, Any]) -> int | None:
        depth = len(setting["sizes"]["hidden"]) if "sizes" in setting else 0
        if setting["activation"] == "sigmoid":
            return 100 if setting.get("rate") == 1e-2 and depth <= 5 else None
        return 100

    measure = ledger.get("C08").measure
    assert measure is not None
    deepest = measure(Noted(reached)).estimates[1]
    assert deepest is not None
    assert (deepest.low, deepest.value, deepest.high) == (5, 5, 5)
