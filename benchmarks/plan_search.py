"""What `table_plans`, `half_plans` and `near_plans` share: formulas, and where plans go."""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import Expr, evaluate
from rectifier.kernels.emit_cpp import digest_with_defaults
from rectifier.kernels.tabled import Plan, scalar_function

KERNELS = Path(__file__).parents[1] / "src/rectifier/kernels"
Array = np.ndarray
Function = Callable[[Array], Array]


class Formula(NamedTuple):
    """A value or a derivative at the default parameters.

    Attributes:
        expression: As the catalog has it.
        parameters: The defaults.
        of_arrays: The function in fp64.
        of_one: The same of one number, each computed once.
    """

    expression: Expr
    parameters: dict[str, float]
    of_arrays: Function
    of_one: Callable[[float], float]


def formula(spec: Activation, slope: bool) -> Formula:
    """Return an activation's value or derivative."""
    expression = spec.derivative_expression if slope else spec.value_expression
    parameters = spec.parameters()

    def f(x: Array) -> Array:
        with np.errstate(all="ignore"):
            y = evaluate(expression, FLOAT64, {"x": np.asarray(x), **parameters})
            return np.broadcast_to(np.asarray(y, np.float64), np.shape(x)).copy()

    one = functools.lru_cache(maxsize=None)(scalar_function(expression, parameters))
    return Formula(expression, parameters, f, one)


def shown(plan: Plan | None) -> str:
    """Return a plan as source code."""
    if plan is None:
        return "None"
    given = ", ".join(map(repr, plan[:6])).replace("'", '"')
    aside = f", {plan.aside!r}" if plan.aside else ""
    sharp = f", sharp={plan.sharp}" if plan.sharp else ""
    fold = f', fold="{plan.fold}"' if plan.fold else ""
    cells = ", even=True" * plan.even + ", wide=True" * plan.wide
    return f"Plan({given}{aside}{sharp}{fold}{cells})"


def entry(spec: Activation, found: list[tuple]) -> str:
    """Return what was found of an activation as source code; nothing if there is no plan."""
    if not any(plan for plan, *_ in found):
        return ""
    body = "".join(f"            {shown(plan)},\n" for plan, *_ in found)
    return f'        "{digest_with_defaults(spec)}": (  # {spec.name}\n{body}        ),\n'


def search_all(measure: Callable[[str], list[tuple]], description: str, file: str) -> None:
    """Search, print, and write what was found.

    Args:
        measure: Returns for a name what was found of its value and of its derivative: a plan or
            None, and figures to print.
        description: What the command line says of itself.
        file: The module of `KERNELS` that holds the plans.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", nargs="*", help="names; what is known of others stays")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    names = options.only or list(catalog.names())
    entries = {}
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for name, found in zip(names, pool.imap(measure, names), strict=True):
            for what, (plan, *figures) in zip(("value", "slope"), found, strict=True):
                print(f"{name:20} {what}", *(f"{each:8.3f}" for each in figures), plan, flush=True)
            entries[name] = entry(catalog.get(name), found)
    write(entries, KERNELS / file)


def write(entries: dict[str, str], path: Path) -> None:
    """Put the entries into a module that the emitter reads; what else is known there stays."""
    head, start, rest = path.read_text(encoding="utf-8").partition("MappingProxyType(\n    {\n")
    old, end, tail = rest.partition("    }\n)\n")
    known = {}
    for block in re.split(r"(?m)^ {8}\),\n", old):
        if block.strip():
            known[block.partition("# ")[2].partition("\n")[0]] = f"{block}        ),\n"
    merged = {**known, **entries}
    once = {merged[name].split(":")[0]: merged[name] for name in sorted(merged, reverse=True)}
    body = "".join(reversed(once.values()))  # pau_d is pau
    path.write_text(f"{head}{start}{body}{end}{tail}", encoding="utf-8")
