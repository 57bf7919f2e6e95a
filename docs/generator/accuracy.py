"""The page on accuracy, from the files that ``benchmarks/accuracy.py --json`` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator import accuracy64
from generator.text import BUILT, code, link, table

OURS = ("rectifier.numpy", "rectifier.torch")
OTHERS = ("rectifier.jax", "rectifier.keras", "torch", "jax", "keras")
_DTYPES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}


_OTHER_PARAMETERS = (
    "The bars are for the default parameters. With each parameter at the ends of its legal range, "
    "at 0 and −1 where it has none, and three times at random, values and derivatives were held to "
    "mpmath at 0 and at inputs from 1e-30 to 1e30 in size, in fp32 and fp64. All are within 1e-4 "
    "of the true result, and most within an ulp, beside what the rounding of a parameter times the "
    "input does to them, with these exceptions. Where a value of a parameter lets the terms of "
    "order x cancel at 0 (smu and smu_1 with alpha = −1, acon_b with p = −1, acon_c with p2 = −p1, "
    "crrelu with epsilon = −1, sinlu with a b = −1, the slope of xielu with beta = 0), what is "
    "left, of a higher order in x, is off by about 1e-16 |x|. Where bias = −weight, the right tail "
    "of dynamic_tanh is off by 1e-16. Not measured with other parameters: erfact."
)


def page(summary: Mapping[str, Any], double: Mapping[str, Any] | None = None) -> str:
    """Return the page as Markdown.

    Args:
        summary: What was measured.
        double: What was measured in fp64, if anything was.
    """
    rows = {(row["name"], row["dtype"]): row for row in summary["rows"]}
    names = list(dict.fromkeys(name for name, _ in rows))
    whole = [n for n in names if rows[n, "float32"]["share"] == 1]
    partly = [n for n in names if 1 / 4096 < rows[n, "float32"]["share"] < 1]
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    parts = [
        "# Accuracy",
        f"Measured on {summary['date']} by `benchmarks/accuracy.py` on {summary['machine']}, "
        f"{versions}. This page is made from [accuracy.json](accuracy.json). {BUILT}",
        _method(),
        _OTHER_PARAMETERS,
        _coverage(whole, partly, rows),
        _verdict(summary),
        _steep(summary["steep"]),
        "## fp32: the core, and what others make of it",
        "Largest error of the value / of the first derivative, in ulp. **Bold** misses the bar. "
        "What is in brackets is the largest error where input and result are normal numbers: some "
        "libraries take subnormal numbers for 0, which is a large error in ulp and a small one in "
        "itself. From 8e6 ulp on, no digit of an fp32 number is right. † is wrong at NaN or at an "
        "infinity.",
        table(
            ("activation", *(code(who) for who in (*OURS, *OTHERS))),
            _rows([n for n in names if _has_others(rows[n, "float32"])], rows, "float32"),
        ),
        "## Half precision, every number",
        _halves(names, rows),
        "## All activations, fp32",
        table(
            ("activation", *(code(who) for who in (*OURS, "rectifier.jax", "rectifier.keras"))),
            _rows(names, rows, "float32", others=("rectifier.jax", "rectifier.keras")),
        ),
        *([] if double is None else [accuracy64.section(double)]),
        "## The references",
        _references(summary["references"]),
    ]
    return "\n\n".join(parts) + "\n"


def summaries(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return what was found of each activation, for its own page."""
    found: dict[str, str] = {}
    for row in summary["rows"]:
        if row["dtype"] != "float32":
            continue
        lines = [
            (code(who), *_cell(row["of"][who]).removesuffix(" †").split(" / "))
            for who in (*OURS, *OTHERS)
            if who in row["of"]
        ]
        how = link("how it was measured", "../accuracy.md")
        found[row["name"]] = (
            f"Largest errors in fp32, in units in the last place, among {_share(row['share'])}; in "
            f"brackets those of normal numbers, where subnormal ones are worse ({how}).\n\n"
            + table(("who", "value", "derivative"), lines)
        )
    return found


def _method() -> str:
    return (
        "An error is counted in units in the last place (ulp) of the true result; below the "
        "smallest normal number, in steps of the subnormal ones. Bars: fp32 value 2 ulp, fp32 "
        "derivative 4 ulp, fp16 and bf16 0.51 ulp; NaN in gives NaN out and a NaN gradient; at the "
        "infinities the limits. Beside a zero r of the derivative (r not 0) the unit is at least "
        "that of the smaller of |f′(r − h)| and |f′(r + h)|, for inputs nearer to r than h, the "
        "smaller of |r| / 4 and half the distance to the next zero; where the derivative is a wave "
        "without end, that of the largest |f′| within half a period. At a kink any slope between "
        "the two sides is right. Results are held against fp64 references, and those, with the "
        "worst results, against mpmath. Measured are the paths that users get by default; the "
        "derivatives are what backward passes give. Other libraries' functions, and rectifier on "
        "JAX and Keras, which computes by these frameworks' operations, are measured at one of "
        "each 4096 fp32 numbers and those around kinks, zeros and ends."
    )


def _coverage(whole: Sequence[str], partly: Sequence[str], rows: Mapping[Any, Any]) -> str:
    parts = ["In fp16 and bf16 every number was an input."]
    if whole:
        parts.append(f"In fp32 all 2³² inputs were for {', '.join(whole)}.")
    if partly:
        done = ", ".join(f"{n} ({rows[n, 'float32']['share']:.0%})" for n in partly)
        parts.append(f"Not all inputs yet, but this share of them: {done}.")
    parts.append(
        "For all others one of each 4096 fp32 numbers was, with the numbers around kinks, zeros of "
        "the derivative, 0, powers of 2 and the ends of the range."
    )
    return " ".join(parts)


def _verdict(summary: Mapping[str, Any]) -> str:
    missed = list(_misses(summary["rows"]))
    checked = sum(1 for row in summary["rows"] for who in OURS if who in row["of"])
    if not missed:
        return (
            f"All {checked} combinations of activation, format and front end (NumPy, PyTorch) are "
            "within their bars, and right at NaN and at the infinities."
        )
    head = ("activation", "format", "front end", "what", "error in ulp", "at", "got", "true")
    return (
        f"Of {checked} combinations of activation, format and front end (NumPy, PyTorch), these "
        "miss a bar:\n\n" + table(head, missed)
    )


def _steep(places: Mapping[str, Sequence[float]]) -> str:
    listed = "; ".join(
        f"{name} (from x = {' and '.join(f'{x:.3g}' for x in found)})"
        for name, found in places.items()
    )
    return (
        "A gradient that is infinite or NaN at a finite input would count as an infinite error, "
        "except where the true derivative itself is too large for fp32. That is so for these "
        f"alone: {listed}."
    )


def _misses(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        for who in OURS:
            found = row["of"].get(who)
            if found is None:
                continue
            place = (row["name"], _DTYPES[row["dtype"]], who)
            for order, word in (("value", "value"), ("slope", "derivative")):
                error = found[order]
                numbers = tuple(str(error[key]) for key in ("x", "got", "true"))
                if not error["passed"]:
                    yield (*place, word, _figure(error["ulp"]), *numbers)
                if error["not_nan"]:
                    yield (*place, word, f"{error['not_nan']} NaN inputs gave a number", "", "", "")
            for fault in found["faults"]:
                yield (*place, fault, "", "", "", "")


def _has_others(row: Mapping[str, Any]) -> bool:
    return any(who in row["of"] for who in ("torch", "jax", "keras"))


def _rows(
    names: Sequence[str],
    rows: Mapping[Any, Any],
    dtype: str,
    others: Sequence[str] = OTHERS,
) -> Iterator[list[str]]:
    for name in names:
        row = rows[name, dtype]
        mark = "" if row["share"] == 1 else " ~"
        address = link(name, f"activations/{name}.md")
        yield [address + mark, *(_cell(row["of"].get(who)) for who in (*OURS, *others))]


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    parts = []
    for order in ("value", "slope"):
        error = found[order]
        text = _figure(error["ulp"])
        if not error["passed"] or error["not_nan"]:
            text = f"**{text}**"
            if _number(error["normal"]) < 0.9 * _number(error["ulp"]):
                text += f" ({_figure(error['normal'])})"
        parts.append(text)
    return " / ".join(parts) + (" †" if found["faults"] else "")


def _halves(names: Sequence[str], rows: Mapping[Any, Any]) -> str:
    lines = []
    for dtype in ("float16", "bfloat16"):
        for who in (*OURS, *OTHERS):
            found = [rows[n, dtype]["of"][who] for n in names if who in rows[n, dtype]["of"]]
            if not found:
                continue
            worst = [max(_number(each[o]["ulp"]) for each in found) for o in ("value", "slope")]
            missed = sum(
                not (each["value"]["passed"] and each["slope"]["passed"]) for each in found
            )
            wrong = sum(bool(each["faults"]) for each in found)
            cells = [_figure(number) for number in worst]
            count = str(len(found))
            lines.append([_DTYPES[dtype], code(who), count, *cells, str(missed), str(wrong)])
    head = ("format", "who", "activations", "value, worst", "derivative, worst")
    return table((*head, "that miss 0.51 ulp", "wrong at NaN or ±∞"), lines)


def _references(checks: Mapping[str, Any]) -> str:
    worst = [
        (_number(check[order]["ulp"]), name, order, check[order]["x"])
        for name, check in checks.items()
        for order in ("value", "slope")
    ]
    error, name, order, x = max(worst)
    what = "value" if order == "value" else "derivative"
    return (
        f"The fp64 references of {len(checks)} activations were held to mpmath (180 to 400 digits, "
        "derivatives by differences of the plain formula) at some hundreds of inputs each: tails, "
        "small numbers, subnormal ones, neighbours of zeros and kinks. The worst is off by "
        f"{error:.2g} ulp of fp32: the {what} of {name} at {x!r}."
    )


def _number(value: float | str) -> float:
    return float(value)


def _figure(value: float | str) -> str:
    number = _number(value)
    if number == float("inf"):
        return "∞"
    if number < 100:
        return f"{number:.3f}"
    return f"{number:.0f}" if number < 1e4 else f"{number:.0e}".replace("e+0", "e").replace("+", "")


def _share(share: float) -> str:
    if share == 1:
        return "all inputs"
    return "one of each 4096 inputs" if share <= 1 / 4096 else f"{share:.0%} of all inputs"
