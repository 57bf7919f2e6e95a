"""The page on what the networks learned: what ``benchmarks/networks.py --json`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.text import code, table

_INTRO = """Every network of `rectifier.models` trained on a task, scored on data that it was not
trained on, beside what guessing gives and what its fresh weights give. On the CPU the networks have
the small sizes of `rectifier train`; on the GPU those that have one get their published width and
depth, with a first layer for small images. Accuracies on CIFAR-10 come from a recompressed copy of
the set and tell that the recipe works; they are not to be compared with published ones. The plain
networks beside the residual ones are those that the paper of 2016 sets beside them: same layers,
same recipe, no shortcuts (He et al. 2016, figure 6); one run each."""

_HEADS = {"cpu": "On the CPU", "cuda": "On a GPU"}


def page(summary: Mapping[str, Any]) -> str:
    """Return the page as Markdown."""
    blocks = [
        "# What the networks learn",
        "Measured by `benchmarks/networks.py`. This page is made from "
        "[networks.json](networks.json).",
        _INTRO.replace("\n", " "),
    ]
    for kind, run in summary["runs"].items():
        together = "one at a time" if run["jobs"] == 1 else f"{run['jobs']} at once"
        blocks += [
            f"## {_HEADS.get(kind, kind)}",
            f"{run['date']}, {run['machine']}; {together}; wall seconds, on a machine "
            "that did other work too.",
            _table(run["results"]),
        ]
        results = run["results"]
        missed = [n for n, told in results.items() if not told["learned"] and "error" not in told]
        ended = [f"{code(n)} ({told['error']})" for n, told in results.items() if "error" in told]
        blocks += _elsewhere(results)
        if missed:
            blocks.append(f"Not clearly above guessing: {', '.join(map(code, missed))}.")
        if ended:
            blocks.append(f"Without a result: {', '.join(ended)}.")
    return "\n\n".join(blocks) + "\n"


def _elsewhere(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Which rows are of another machine than the heading says."""
    places: dict[str, list[str]] = {}
    for name, told in results.items():
        if "elsewhere" in told:
            place = f"{told['elsewhere']['date']}, {told['elsewhere']['machine']}"
            places.setdefault(place, []).append(code(name))
    return [f"Measured elsewhere: {', '.join(names)} ({p})." for p, names in places.items()]


def _table(results: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, told in results.items():
        if "error" in told:
            continue
        guess = told["guessing"]
        rows.append(
            (
                code(name),
                f"{told['parameters']:,}",
                told["score"],
                f"{told['value']:.3f}",
                "" if guess is None else f"{guess:.3f}",
                f"{told['fresh']:.3f}",
                str(told["steps"]),
                f"{told['seconds']:.0f}",
            )
        )
    head = ("network", "parameters", "score", "trained", "guessing", "fresh", "steps", "seconds")
    return table(head, rows)
