"""The page on the Triton kernels, from the file that ``benchmarks/gpu.py --json`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.text import BUILT, code, table

_DTYPES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_WAYS = ("rectifier", "eager", "compile", "liger")


def page(summary: Mapping[str, Any], later: Mapping[str, Any] | None = None) -> str:
    """Return the page as Markdown; ``later`` is a shorter measurement by newer code, if any."""
    parts = [
        "# On a GPU",
        f"Measured by `benchmarks/gpu.py` on one {summary['device']}, torch {summary['torch']}, "
        f"triton {summary['triton']}. This page is made from [gpu.json](gpu.json). {BUILT}",
        "On CUDA devices the activations of the catalog, their derivatives and those by learned "
        "parameters, gated units, an activation after a bias (`rectifier.torch.biased`), and what "
        "`keep=` makes of backward run as Triton kernels, which the build prints from the same "
        "expressions as the C++ ones. Under `torch.compile` they are composed, for it to fuse. "
        "`rectifier.explain(name, framework='torch', device='cuda')` says which path runs; fp64 "
        "and parameters of other shapes than one number or one for each channel are composed.",
        "## Speed",
        "Bytes that have to be read and written, divided by the time, over the same of a copy "
        "that is timed in turn: 1 is as fast as memory. *compile* is `torch.compile` of the "
        "formula as a person writes it. Backward is timed through `torch.autograd.grad`. "
        "64 Mi elements; gated units 4096 rows of 2 · 11008. What falls short of a copy does so "
        "for one of two reasons. Where a formula needs double (`pau`, `serf`, `snake`), arithmetic "
        "is the limit, as it is for the exact `gelu` forward and for what finds codes. bf16 "
        "backward varies from run to run; a call takes the CPU about as long as the kernel takes "
        "the GPU there (see below), which is the likely reason.",
        *(
            part
            for dtype in ("float32", "bfloat16")
            for part in (f"### {_DTYPES[dtype]}", _speed(summary["speed"], dtype))
        ),
        "## What is kept for backward",
        table(
            ("call", "bytes for each element of the result, bf16"),
            [(code(name), f"{size:.3f}") for name, size in summary["kept"].items()],
        ),
        "## What a call costs the CPU",
        table(
            ("call on 1024 elements", "µs"),
            [(name, f"{size:.0f}") for name, size in summary["overhead"].items()],
        ),
        "## Accuracy",
        "Largest errors in units in the last place, against the stable form composed in fp64 of "
        "PyTorch's own operations; beside a zero of the derivative the unit is that of the smaller "
        "of the values a quarter to either side. The bars are 2 ulp for values and 4 for "
        "derivatives in fp32, 0.51 in half precision. fp16 and bf16: every number.",
        _accuracy(summary["accuracy"]),
    ]
    if later is not None:
        parts += _again(later)
    return "\n\n".join(parts) + "\n"


def _again(summary: Mapping[str, Any]) -> list[str]:
    """The part on a later measurement."""
    inputs = min(row["inputs"] for row in summary["accuracy"] if row["dtype"] == "float32")
    return [
        f"## Once more, on an {summary['device'].removeprefix('NVIDIA ')}",
        "The catalog has changed since, and this is of its kernels as they are now "
        f"([gpu-h200.json](gpu-h200.json); torch {summary['torch']}, triton {summary['triton']}). "
        f"Of fp32 at least {inputs:,} numbers were tried with each activation. The memory of this "
        "card is faster by two fifths and its arithmetic is the same, so that whatever arithmetic "
        "limits falls further short of a copy.",
        _accuracy(summary["accuracy"]),
        *(
            part
            for dtype in ("float32", "bfloat16")
            for part in (f"### {_DTYPES[dtype]}, again", _speed(summary["speed"], dtype))
        ),
    ]


def _speed(rows: Sequence[Mapping[str, Any]], dtype: str) -> str:
    mine = [row for row in rows if row["dtype"] == dtype and "error" not in row]
    ways = [way for way in _WAYS if any(way in row["forward"] for row in mine)]
    return table(
        ("", *(f"{way}, forward" for way in ways), *(f"{way}, backward" for way in ways)),
        [
            (
                code(row["what"]),
                *(_share(row["forward"], way) for way in ways),
                *(_share(row["backward"], way) for way in ways),
            )
            for row in mine
        ],
    )


def _share(shares: Mapping[str, float], way: str) -> str:
    return f"{shares[way]:.2f}" if way in shares else ""


def _accuracy(results: Sequence[Mapping[str, Any]]) -> str:
    good = [row for row in results if "error" not in row]
    lines = []
    for dtype, short in _DTYPES.items():
        mine = [row for row in good if row["dtype"] == dtype]
        whole = [row for row in mine if row["whole"]]
        missed = [row["name"] for row in mine if not row["passes"]]
        worst = [max(mine, key=lambda row: row[order]["ulp"]) for order in ("value", "slope")]
        lines.append(
            (
                short,
                str(len({row["name"] for row in mine})),
                str(len(whole)),
                f"{worst[0]['value']['ulp']:.3f} ({worst[0]['name']})",
                f"{worst[1]['slope']['ulp']:.3f} ({worst[1]['name']})",
                ", ".join(missed) or "none",
            )
        )
    head = ("format", "activations", "every number", "value", "derivative", "miss the bar")
    found = table(head, lines)
    every = [row for row in good if row["dtype"] == "float32" and row["whole"]]
    if not every:
        return found
    listed = [
        (code(row["name"]), f"{row['value']['ulp']:.3f}", f"{row['slope']['ulp']:.3f}")
        for row in every
    ]
    return f"{found}\n\nAll 2³² numbers of fp32:\n\n" + table(
        ("activation", "value", "derivative"), listed
    )
