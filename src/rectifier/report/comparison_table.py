"""A comparison's table as text for other programs: CSV, or LaTeX to be cited.

For the report layer; standard library only.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from rectifier.report import wording

if TYPE_CHECKING:
    from rectifier.compare.result import Comparison, Interval, Row

_HEADS = ("activation", "score", "low", "high", "iqm", "iqm_low", "iqm_high", "to_leader",
          "to_leader_low", "to_leader_high", "iqm_to_leader", "iqm_to_leader_low",
          "iqm_to_leader_high", "p_improvement", "p", "p_best", "seeds",
          "failed", "reached_target", "epochs_to_target", "steps_to_target", "seconds_to_target",
          "joules_to_target", "seconds_per_step", "joules_per_step", "energy", "bytes_per_step",
          "dead", "sparsity", "gradient_flow", "sharpness", "learning_rate", "verdict")  # fmt: skip


def text(comparison: Comparison, name: str) -> str:
    """The table in the form that a file's name asks for: ``.tex`` for LaTeX, else CSV."""
    return latex(comparison) if name.lower().endswith(".tex") else table(comparison)


def table(comparison: Comparison) -> str:
    """Comma-separated values, numbers in full; an empty cell where one is not known."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADS)
    for row in comparison.rows:
        writer.writerow(["" if _unknown(cell) else cell for cell in _cells(row)])
    return stream.getvalue()


def latex(comparison: Comparison) -> str:
    """A LaTeX table (package booktabs) with its caption."""
    metric = comparison.metric
    unit = r" (\%)" if wording.is_percentage(metric) else ""
    count = wording.count(len(comparison.seeds), "seed")
    lines = [
        "% " + wording.clean(comparison.recommendation),
        r"\begin{table}",
        rf"\caption{{{_escape(metric)} on {_escape(comparison.task)}, mean of {count} with 95\,\% "
        r"interval; difference to the first, corrected for the number of comparisons.}",
        r"\begin{tabular}{lrrrl}",
        r"\toprule",
        rf"activation & {_escape(metric)}{unit} & interval & difference & verdict \\",
        r"\midrule",
    ]
    for row in comparison.rows:
        interval = (
            f"{wording.score(row.score.low, metric)}--{wording.score(row.score.high, metric)}"
        )
        gap = "" if row.difference is None else wording.difference(row.difference.value, metric)
        cells = (
            _escape(row.activation),
            _escape(wording.score(row.score.value, metric)),
            _escape(interval) if row.verdict != "failed" else "",
            "$" + gap.replace("−", "-") + "$" if gap else "",
            _escape(row.verdict),
        )
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.activation, *_ends(row.score), *_ends(row.middle), *_ends(row.difference),
        *_ends(row.middle_difference), row.probability_of_improvement, row.p_value,
        row.chance_best, row.seeds,
        row.failed_seeds, row.reached_target, row.epochs_to_target, row.steps_to_target,
        row.seconds_to_target, row.joules_to_target, row.step_time, row.joules, row.energy,
        row.memory, row.dead, row.sparsity, row.gradient_flow, row.sharpness,
        row.learning_rate, row.verdict,
    )  # fmt: skip


def _ends(interval: Interval | None) -> tuple[float | None, ...]:
    return (None,) * 3 if interval is None else (interval.value, interval.low, interval.high)


def _unknown(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _escape(value: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
               "²": "$^2$", "–": "--", "|": r"\textbar{}"}  # fmt: skip
    special |= {letter: "\\" + letter for letter in "&%$#_{}"}
    return "".join(special.get(letter, letter) for letter in wording.clean(value))
