from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rectifier
from rectifier.report import comparison_text


def test_methods_results_and_versions_are_told(comparison: Any) -> None:
    methods, results, made = comparison_text.text(comparison, "rectifier compare").split("\n\n")
    assert methods.startswith("Compared were mish")
    assert methods.endswith(comparison.protocol[-1])
    best, second = comparison.rows[:2]
    assert results.startswith(
        "Test accuracy, mean with 95 % interval, and paired difference to mish, corrected: "
        f"mish {100 * best.score.value:.1f} % ["
    )
    assert f"{second.activation} {100 * second.score.value:.1f} % [" in results
    assert f", p = {second.p_value:.2g}; {second.verdict})" in results
    assert results.endswith(comparison.recommendation)
    assert "torch 2.13.0" in made
    assert made.endswith("Command: rectifier compare\n")


def test_what_failed_has_no_score_and_names_are_cleaned(make: Callable[..., Any]) -> None:
    rows = (make("row", "a\nb", 0), make("failed_row", "selu"))
    text = comparison_text.text(make("comparison", rows=rows, environment={}))
    assert "selu failed in all 8 runs" in text
    assert "Compared were a b, selu on digits, 8 seeds each." in text
    assert text.endswith(f"Computed by rectifier {rectifier.__version__}.\n")
