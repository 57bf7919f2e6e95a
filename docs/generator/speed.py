"""The page on speed, from the file that the benchmarks write with ``--json docs/speed.json``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from generator.text import BUILT, code, table
from rectifier import catalog
from rectifier.kernels import choose
from rectifier.kernels.emit_cpp import digest, digest_with_defaults, near_plans
from rectifier.kernels.plans import PLANS
from rectifier.kernels.single import SINGLE
from rectifier.kernels.tabled import Plan

Row = Mapping[str, Any]
Parts = Mapping[str, Mapping[str, Any]]

_WAYS = ("forward", "backward")
_ACCURATE = {"forward": "accurate", "backward": "accurate gradient"}
_RIGHT = {"slope": {"passed": True}}
_GATED = ("forward", "step")
_SMALL = ("1", "16", "256", "1024", "4096", "16384")


def page(parts: Parts, accuracy: Sequence[Row]) -> str:
    """Return the page as Markdown.

    Args:
        parts: What the benchmarks of speed measured.
        accuracy: The rows of what ``benchmarks/accuracy.py`` measured.
    """
    inaccurate = {
        row["name"]
        for row in accuracy
        if row["dtype"] == "float32" and not row["of"].get("torch", _RIGHT)["slope"]["passed"]
    }
    machines = sorted({part["machine"] for part in parts.values()})
    days = sorted({part["date"] for part in parts.values()})
    return "\n\n".join(
        (
            "# On a CPU",
            f"Measured {' and '.join(days)} on: {'; '.join(machines)}. This page is made from "
            f"[speed.json](speed.json). {BUILT}",
            "All figures are ratios. Those who are compared take turns in one run, and the least "
            "time of each counts. *Bound* is the other side's time over that of moving the same "
            "bytes (a copy, or `a + b` into `c`) on as many threads: no kernel can be further "
            "ahead than that, so where it is below a bar, nobody can meet that bar here. What "
            "limits a row that misses is *memory* where the bound is below the bar; else it is "
            "*arithmetic*, with how many times as long as moving the bytes it takes. On a machine "
            "that does other work too, or whose cores share one physical core, two runs may "
            "differ by a fifth.",
            *(section for name, write in _SECTIONS.items() if (part := parts.get(name))
              for section in write(_with_slopes(part["rows"], inaccurate))),
        )
    ) + "\n"  # fmt: skip


def _with_slopes(rows: Sequence[Row], inaccurate: Set[str]) -> Sequence[Row]:
    """Return the rows with whether PyTorch's gradient keeps the bar, where that is asked."""
    return [
        {**row, "accurate gradient": row["name"] not in inaccurate} if "accurate" in row else row
        for row in rows
    ]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.exp(sum(map(math.log, found)) / len(found))


def _verdict(value: float, bar: float, least: bool = True) -> str:
    return "met" if (value >= bar if least else value <= bar) else "missed"


def _limit(row: Row, ways: Sequence[str], bars: Sequence[float]) -> str:
    """Say what limits each direction of a row that is below its bar."""
    found = []
    for way, bar in zip(ways, bars, strict=True):
        up, bound = row[way], row[f"{way} bound"]
        if up >= bar:
            continue
        why = "memory" if bound < bar else "arithmetic"
        work = _work(row["name"], way) if why == "arithmetic" else ""
        found.append(f"{way}: {why}, {bound / up:.1f} times a move{work}")
    return "; ".join(found)


def _work(name: str, way: str) -> str:
    """Say how many operations of a kernel by table 16 numbers take; nothing of other kernels."""
    if name not in catalog.names():
        return ""
    plan = near_plans(catalog.get(name))[_WAYS.index(way)] or _plan(name, way)
    if plan is None:
        return ""
    registers = {16: "one register", 32: "two", 64: "four"}[plan.cells]
    added = plan.degree + (not plan.even) + (plan.sharp > 0) + (way == "backward")
    return f": {plan.looked_up} look-ups in {registers} and {added} products for 16 numbers"


def _ups(row: Row, ways: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{row[key]:.2f}" for way in ways for key in (way, f"{way} bound"))


def _heads(ways: Sequence[str]) -> tuple[str, ...]:
    return tuple(head for way in ways for head in (way, "bound"))


_LOOKING_UP = (
    "A derivative by table is as many look-ups and multiply-adds as its polynomial has "
    "coefficients. A Zen 4 starts no more than one of either a cycle on 16 numbers, and where they "
    "take turns, a pair in 1.7 cycles if one register holds the table, in 1.9 if two do; "
    "cells a power of two wide, whose centres need no look-up, save a tenth of it "
    "(`native/tabled.hpp`). PyTorch's `1 - y²` is two operations."
)
"""What a kernel by table cannot be faster than, as measured on data in the first cache."""


def _torch(rows: Sequence[Row]) -> Iterable[str]:
    yield "## PyTorch's own operations, 1,048,576 elements of fp32"
    given = [row for row in rows if not row["allocate"]]
    hard = [row for row in given if row["transcendental"]]
    lines = []
    for way, bar in zip(_WAYS, (3.0, 1.5), strict=True):
        up, bound = (_mean(row[key] for row in hard) for key in (way, f"{way} bound"))
        lines.append(
            (f"{way}, geometric mean of the transcendental ones", f"≥ {bar}", f"{up:.2f}",
             f"{bound:.2f}", _verdict(up, bar))
        )  # fmt: skip
        for accurate, bar in ((True, 0.95), (False, 0.6)):
            group = [row for row in given if row[_ACCURATE[way]] == accurate]
            worst = min(group, key=lambda row: row[way])
            what = "value" if way == "forward" else "gradient"
            whose = f"PyTorch's {what} {'keeps' if accurate else 'misses'}"
            lines.append(
                (f"{way}, least where {whose} our accuracy bar", f"≥ {bar}",
                 f"{worst[way]:.2f} ({worst['name']})", f"{worst[f'{way} bound']:.2f}",
                 _verdict(worst[way], bar))
            )  # fmt: skip
    yield table(("bar", "", "times as fast", "bound", ""), lines)
    yield (
        "Into given buffers; † where PyTorch's own value misses our accuracy bar, ‡ where its "
        "gradient does (`benchmarks/accuracy.py`). PyTorch's backward of `sigmoid` and `tanh` gets "
        "the result of the forward pass, which autograd has kept; ours gets the input and looks "
        "the derivative up again, which keeps a relative accuracy in the tails that `1 - y²` "
        "cannot have. " + _LOOKING_UP
    )
    yield table(
        ("", *_heads(_WAYS), "what limits it, below 0.95 or 0.6"),
        [
            (
                code(row["name"]) + _daggers(row),
                *_ups(row, _WAYS),
                _limit(row, _WAYS, [0.95 if row[_ACCURATE[way]] else 0.6 for way in _WAYS]),
            )
            for row in given
        ],
    )
    new = [row for row in rows if row["allocate"] and row["transcendental"]]
    if new:
        means = " and ".join(f"{_mean(row[way] for row in new):.2f} {way}" for way in _WAYS)
        yield f"With a new result each time the transcendental ones are {means}."


def _daggers(row: Row) -> str:
    marks = [mark for way, mark in zip(_WAYS, "†‡", strict=True) if not row[_ACCURATE[way]]]
    return "".join(f" {mark}" for mark in marks)


def _compile(rows: Sequence[Row]) -> Iterable[str]:
    yield "## `torch.compile`, 1,048,576 elements of fp32"
    mean = _mean(row["forward"] for row in rows)
    each = ", ".join(f"{code(row['name'])} {row['forward']:.2f}" for row in rows)
    yield (
        f"Forward, new results: geometric mean {mean:.2f} (bar 1.5: {_verdict(mean, 1.5)}); {each}."
    )


def _composed(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Formulas that PyTorch lacks, composed in eager mode, 1,048,576 elements of fp32"
    means = [
        f"{_mean(row[way] for row in rows):.2f} {way} (bound "
        f"{_mean(row[f'{way} bound'] for row in rows):.2f})"
        for way in _WAYS
    ]
    met = sum(row[way] >= 5 for row in rows for way in _WAYS)
    yield (
        f"Through the public functions, new results. Geometric mean {' and '.join(means)}; the bar "
        f"of 5 is met by {met} of {2 * len(rows)}."
    )
    yield table(
        ("", *_heads(_WAYS), "what limits it, below 5"),
        [
            (code(row["name"]), *_ups(row, _WAYS), _limit(row, _WAYS, (5.0, 5.0)))
            for row in rows
        ],
    )  # fmt: skip


def _numpy(rows: Sequence[Row]) -> Iterable[str]:
    yield "## NumPy and SciPy, 1,048,576 elements of fp32"
    yield (
        "NumPy uses one thread, the kernels two (*one thread* is what they do on one). `exp(x)` "
        "overflows above 88.7, where `log1p(exp(x))` gives infinity; the bar of 8 is for the "
        "usual formula that does not."
    )
    yield table(
        ("", "formula", "new result", "given buffer", "bound", "one thread", "bar of 8"),
        [
            (
                code(row["name"]),
                code(row["formula"]),
                *(f"{row[key]:.1f}" for key in ("new", "given", "memory", "alone")),
                _verdict(row["new"], 8.0),
            )
            for row in rows
        ],
    )


def _memory(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Memory traffic, 16,777,216 elements"
    lines, slow = [], []
    for dtype in ("float32", "bfloat16"):
        mine = [row for row in rows if row["dtype"] == dtype]
        for way in _WAYS:
            mean = _mean(row[way] for row in mine)
            above = [row for row in mine if row[way] > 1.5]
            lines.append(
                (dtype, way, str(len(mine)), f"{mean:.2f} ({_verdict(mean, 1.25, False)})",
                 f"{len(above)} ({_verdict(len(above), 0, False)})")
            )  # fmt: skip
            slow += [
                (code(row["name"]), dtype, way, f"{row[way]:.2f}",
                 _why(row["name"], way) if dtype == "float32" else "")
                for row in above
            ]  # fmt: skip
    yield (
        "Time over that of a copy (forward) or of `a + b` into `c` (backward). Whatever is above 1 "
        "is limited by arithmetic. On a processor with AVX-512 most functions are piecewise "
        "polynomials whose coefficients are picked out of registers, which takes as long as moving "
        "the bytes whatever the formula; what is far above computes its formula in double, or has "
        "many inputs where no polynomial of the degree keeps the accuracy bar."
    )
    yield table(("", "", "kernels", "geometric mean, bar 1.25", "above the bar of 1.5"), lines)
    if slow:
        yield table(("above 1.5", "", "", "times", "what limits it"), slow)


def _why(name: str, way: str) -> str:
    """Say why a kernel's time is above that of moving its data."""
    plan = _plan(name, way)
    if plan is not None:
        share = 1 - sum(_share(*plan.edges(cell)) for cell in range(plan.cells)
                        if cell not in plan.aside) * (2 if plan.fold else 1)  # fmt: skip
        cells = "64 cells in memory and " * plan.wide
        return (
            f"a table of {cells}degree {plan.degree}; {share:.1%} of the inputs go by the formula"
        )
    found = SINGLE.get(digest(catalog.get(name)), (None, None))[_WAYS.index(way)]
    return f"no table keeps the bar: the formula, in {'double' if found is None else 'float'}"


def _share(low: float, high: float) -> float:
    """Return the share of the inputs, normal of variance 4, between two numbers."""
    return (math.erf(high / math.sqrt(8)) - math.erf(low / math.sqrt(8))) / 2


def _plan(name: str, way: str) -> Plan | None:
    return PLANS.get(digest_with_defaults(catalog.get(name)), (None, None))[_WAYS.index(way)]


def _small(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Few elements, forward and backward through autograd"
    groups = [
        (bar, [row for row in rows if (row["name"] in choose.SHORT) == own])
        for own, bar in ((True, 0.9), (False, 0.5))
    ]
    told = [
        f"{bar} {whose}: least {least:.2f}, {_verdict(least, bar)}"
        for (bar, group), whose in zip(
            groups,
            ("where PyTorch's own operation keeps every accuracy bar", "elsewhere"),
            strict=True,
        )
        if (least := min((row[size] for row in group for size in _SMALL), default=0.0))
    ]
    yield (
        "Where PyTorch's own operation keeps every accuracy bar on finite numbers, it runs, up to "
        "the number of elements where the compiled kernel becomes faster, as "
        f"`rectifier.torch.explain` says. Bars: {'; '.join(told)}."
    )
    yield table(
        ("elements", *(f"{int(size):,}" for size in _SMALL)),
        [(code(row["name"]), *(f"{row[size]:.2f}" for size in _SMALL)) for row in rows],
    )


def _gated(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Gated units, 256 rows of 2 · 4096 in fp32"
    yield table(
        ("", *_heads(_GATED), "bytes kept, eager", "ours", "what limits it, below 2"),
        [
            (
                code(row["name"]),
                *_ups(row, _GATED),
                *(f"{row['bytes'][key]:.0f}" for key in ("eager", "ours")),
                _limit(row, _GATED, (2.0, 2.0)),
            )
            for row in rows
        ],
    )


def _sparse(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Linear layers that skip zeros, 4096 → 16384 → 4096"
    timed = [row for row in rows if "seconds" in row]
    yield table(
        ("rows", "zeros", "second product", "whole block", "difference to dense"),
        [
            (
                str(row["rows"]),
                f"{row['zeros']:.0%}",
                f"{row['seconds']['second dense'] / row['seconds']['second sparse']:.2f}"
                + " †" * ("look" in row),
                f"{row['seconds']['block dense'] / row['seconds']['block sparse']:.2f}",
                f"{row['error']:.0e}",
            )
            for row in timed
        ],
    )
    prices = [f"{row['price']:.3f} ({row['rows']})" for row in rows if "price" in row]
    yield (
        "Bars, for 1 row and 90 % zeros: 4 for the second product, 1.6 for the block. Without any "
        f"zeros, time over dense, by rows: {', '.join(prices)}; the bar is 1.03."
    )
    looks = [row["look"] for row in timed if "look" in row]
    if looks:
        yield (
            "† There are too many numbers that are not zero in some row, so the layer takes the "
            f"dense product after it has looked, for at most {max(looks):.2%} of its time. Both "
            "sides run the same product then, and what differs from 1 is chance."
        )


def _kept(rows: Sequence[Row]) -> Iterable[str]:
    yield "## Bytes held between forward and backward"
    yield table(
        ("model", "activation", "`keep=`", "of eager", "error of the gradient"),
        [
            (row["model"], row["activation"], code(row["keep"]), f"{row['of_eager']:.0%}",
             f"{row['error']:.0e}")
            for row in rows
            if "model" in row
        ],
    )  # fmt: skip


_SECTIONS = {
    "torch": _torch,
    "compile": _compile,
    "composed": _composed,
    "numpy": _numpy,
    "memory": _memory,
    "small": _small,
    "gated": _gated,
    "sparse": _sparse,
    "memory kept": _kept,
}
"""By part of the file, in the order of the page."""
