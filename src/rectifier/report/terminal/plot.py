"""A curve in the terminal, drawn in Braille dots (2 × 4 to a character), or in ASCII.

For `rectifier.report.terminal`; standard library only. A plotting package was left aside: the one
at hand changed all its names between two versions, and this needs one curve on two axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def curve(
    x: Sequence[float],
    y: Sequence[float],
    *,
    width: int = 60,
    height: int = 12,
    ascii_only: bool = False,
) -> str:
    """Draw y over x with its axes through zero where zero is in the picture.

    Args:
        x: Places, rising.
        y: Values there; what is not finite is left out.
        width: Characters in all, the labels of the values included.
        height: Lines of the picture; one more holds the labels of the places.
        ascii_only: Draw with ``*`` instead of Braille.

    Returns:
        Lines of text without escape codes; empty where nothing is finite.
    """
    points = [(a, b) for a, b in zip(x, y, strict=True) if math.isfinite(a) and math.isfinite(b)]
    if not points:
        return ""
    left, right = points[0][0], points[-1][0]
    low, high = min(0.0, *(b for _, b in points)), max(0.0, *(b for _, b in points))
    if high == low:
        high = low + 1.0
    if right <= left:
        left, right = left - 1.0, left + 1.0
    margin = max(len(f"{low:.3g}"), len(f"{high:.3g}")) + 1
    columns = max(width - margin, 8)
    across, down = (1, 1) if ascii_only else (2, 4)
    dots = _dots(points, (left, right, low, high), columns * across, height * down)
    grid = _axes((left, right, low, high), columns, height, ascii_only=ascii_only)
    for column, row in dots:
        cell = grid[row // down][column // across]
        bit = 0 if ascii_only else _DOTS[row % 4][column % 2]
        old = ord(cell) if 0x2800 <= ord(cell) <= 0x28FF else 0x2800
        grid[row // down][column // across] = "*" if ascii_only else chr(old | bit)
    zero = round(high / (high - low) * (height - 1))
    labels = {zero: "0", 0: f"{high:.3g}", height - 1: f"{low:.3g}"}
    lines = [
        f"{labels.get(place, ''):>{margin - 1}} " + "".join(row).rstrip()
        for place, row in enumerate(grid)
    ]
    ends = f"{left:.3g}", f"{right:.3g}"
    lines.append(" " * margin + ends[0] + ends[1].rjust(columns - len(ends[0])))
    return "\n".join(line.rstrip() for line in lines).replace("-", "−")


def _dots(
    points: Sequence[tuple[float, float]],
    frame: tuple[float, float, float, float],
    columns: int,
    rows: int,
) -> list[tuple[int, int]]:
    """The dots that a line through the points touches, steep parts filled in."""
    left, right, low, high = frame
    placed: dict[int, list[int]] = {}
    for a, b in points:
        column = round((a - left) / (right - left) * (columns - 1))
        placed.setdefault(column, []).append(round((high - b) / (high - low) * (rows - 1)))
    dots = []
    previous: int | None = None
    for column in sorted(placed):
        values = placed[column]
        top, bottom = min(values), max(values)
        if previous is not None:
            if previous < top:
                top = previous + 1
            elif previous > bottom:
                bottom = previous - 1
        dots += [(column, row) for row in range(top, bottom + 1)]
        previous = values[-1]
    return dots


def _axes(
    frame: tuple[float, float, float, float], columns: int, height: int, *, ascii_only: bool
) -> list[list[str]]:
    left, right, low, high = frame
    across, up, cross = ("-", "|", "+") if ascii_only else ("─", "│", "┼")
    grid = [[" "] * columns for _ in range(height)]
    zero_row = round(high / (high - low) * (height - 1))
    grid[zero_row] = [across] * columns
    if left <= 0 <= right:
        zero_column = round(-left / (right - left) * (columns - 1))
        for row in grid:
            row[zero_column] = up
        grid[zero_row][zero_column] = cross
    return grid
