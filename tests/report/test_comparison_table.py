from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from rectifier.report import comparison_table


def test_csv_holds_every_number_in_full(comparison: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(comparison_table.text(comparison, "t.csv"))))
    assert [row["activation"] for row in rows] == [row.activation for row in comparison.rows]
    for row, found in zip(comparison.rows, rows, strict=True):
        assert float(found["score"]) == row.score.value
        assert found["p"] == ("" if row.p_value is None else repr(row.p_value))
        assert found["verdict"] == row.verdict
        for head in ("steps_to_target", "seconds_to_target", "joules_to_target"):
            value = getattr(row, head)
            assert found[head] == ("" if value is None else repr(value))
        assert found["reached_target"] == str(row.reached_target)
    assert rows[0]["joules_to_target"]
    assert rows[0]["energy"] == "estimated"


def test_latex_is_balanced_and_escaped(make: Callable[..., Any]) -> None:
    rows = (make("row", "leaky_relu", 0), make("row", "a&b|50%", 1), make("failed_row", "selu"))
    comparison = make("comparison", rows=rows, recommendation="50 % of $10\nsaved")
    text = comparison_table.text(comparison, "T.TEX")
    assert text.count("{") == text.count("}")
    assert r"leaky\_relu & " in text
    assert r"a\&b\textbar{}50\% & " in text
    assert text.startswith("% 50 % of $10 saved\n")
    body = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == 3
    assert all(line.count(" & ") == 4 and line.endswith(r" \\") for line in body)
