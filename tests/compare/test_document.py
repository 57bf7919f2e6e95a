from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest

from rectifier.compare.document import from_json, to_json
from rectifier.compare.plan import Plan
from rectifier.compare.summary import summarize
from rectifier.compare.trial import Outcome
from rectifier.errors import InvalidInputError


@pytest.fixture
def text(quick: Callable[..., Plan], outcomes_of: Callable[..., dict[str, Outcome]]) -> str:
    plan = quick(["relu", "tanh", "gelu"], seeds=3)
    scores = {"relu": (0.9, 0.8, 0.7), "tanh": (0.9, None, 0.7), "gelu": (None,) * 3}
    return to_json(summarize(plan, outcomes_of(plan, scores)))


def test_json_is_strict_and_comes_back_as_it_was(text: str) -> None:
    values = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert values["schema"] == 2
    rows = {row["activation"]: row for row in values["rows"]}
    assert rows["gelu"]["verdict"] == "failed"
    assert rows["gelu"]["score"]["value"] is None
    assert rows["tanh"]["scores"] == [0.9, None, 0.7]
    found = from_json(text)
    assert math.isnan(found.rows[2].score.value)
    assert math.isnan(found.rows[0].step_time)
    assert found.rows[0].difference is None
    assert to_json(found) == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "{", "cannot be read"),
        (lambda text: "[]", "cannot be read"),
        (lambda text: "{}", "cannot be read"),
        (lambda text: text.replace('"schema": 2', '"schema": 3'), "has format 3"),
        (lambda text: text.replace('"rows"', '"lines"'), "incomplete or damaged"),
        (lambda text: text.replace('"verdict"', '"word"'), "incomplete or damaged"),
    ],
)
def test_other_text_is_refused(text: str, change: Callable[[str], str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        from_json(change(text))
