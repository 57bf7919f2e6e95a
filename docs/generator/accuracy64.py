"""The part of the page on accuracy that is on fp64, from ``benchmarks/accuracy.py --fp64``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.text import code, table

_WHO = ("rectifier.numpy", "rectifier.torch", "torch")
_PLACES = ("middle", "tails")
_LARGE = 8.0


def section(summary: Mapping[str, Any]) -> str:
    """Return the section as Markdown."""
    rows = summary["rows"]
    path = "compiled kernels" if summary["compiled"] else "no compiled kernels"
    head = [
        f"{code(who)}, |x| {'≤' if place == 'middle' else '>'} 12"
        for who in _WHO
        for place in _PLACES
    ]
    return "\n\n".join(
        [
            "## fp64, a sample",
            f"Measured on {summary['date']} by `benchmarks/accuracy.py --fp64`, with {path}, on "
            f"{summary['machine']}; kept in [accuracy64.json](accuracy64.json). fp64 has too many "
            f"numbers to try all: these are the largest errors of the value / of the derivative at "
            f"{summary['points']} random inputs of each activation, in units in the last place of "
            "fp64, against the plain formula in hundreds of digits. Three fifths of the inputs are "
            "usual or small ones, down to 1e-12; the others reach to 12, 40 and 700 in size. "
            "Larger errors may lie between them. There is no bar: a formula that rounds the "
            "argument of an exponential is off by as many units as that argument is large. Beside "
            "a zero of the derivative the unit is at least that of the smaller of its values a "
            "quarter to either side.",
            _verdict(rows),
            table(("activation", *head), [_line(row) for row in rows]),
        ]
    )


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    sentences = []
    for place, where in (("middle", "Up to 12 in size"), ("tails", "Beyond that")):
        off = {row["name"]: max(_both(row, who, place) for who in _WHO[:2]) for row in rows}
        large = sorted((n for n in off if off[n] > _LARGE), key=lambda n: -off[n])
        listed = ", ".join(f"{n} ({_figure(off[n])})" for n in large)
        text = f"{where} {len(rows) - len(large)} of {len(rows)} are within {_LARGE:g} ulp here, "
        sentences.append(text + (f"and these are not: {listed}." if large else "value and slope."))
    return " ".join(sentences)


def _both(row: Mapping[str, Any], who: str, place: str) -> float:
    return max(float(row["of"][who][order][place]["ulp"]) for order in ("value", "slope"))


def _line(row: Mapping[str, Any]) -> list[str]:
    cells = [row["name"]]
    for who in _WHO:
        found = row["of"].get(who)
        for place in _PLACES:
            pair = [_figure(found[o][place]["ulp"]) for o in ("value", "slope")] if found else []
            cells.append(" / ".join(pair))
    return cells


def _figure(ulp: float | str) -> str:
    if ulp == "inf":
        return "∞"
    number = float(ulp)
    if number < 1000:
        return f"{number:.2f}" if number < 100 else f"{number:.0f}"
    return f"{number:.0e}".replace("e+0", "e").replace("e+", "e")
