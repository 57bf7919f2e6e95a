"""What is kept of a measurement: a line per finished task, and the summary made of the lines.

A task that is done is not done again, as long as the code that it measured is the same. So an
interrupted run goes on where it stopped, and loses no more than the tasks in flight.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rectifier
from precision import exact, sweep
from precision.formats import FORMATS
from rectifier import catalog
from rectifier.expression import to_text
from rectifier.kernels import choose, emit_cpp, native

MEASURED = ("activation.py", "expression", "catalog", "analysis", "kernels", "numpy", "torch")
"""Files of the package, and folders, on which the results of the front ends depend."""

PROTOCOL = ("formats", "references", "sweep", "contestants", "exact", "inspection")
"""Files of this package that decide what is measured, and how."""

KERNEL_HEADERS = ("bits.hpp", "loop*.hpp", "math_*.hpp", "parts.hpp", "table*.hpp")
"""Patterns of the files in `native/` that a kernel's printed source is compiled with."""


def fingerprints() -> dict[str, str]:
    """Return hashes of what the results depend on.

    Returns:
        ``"ours"``: of the code under measurement, the compiled kernels and this package;
        ``"others"``: of this package and of the versions of the frameworks.
    """
    root, here = Path(rectifier.__file__).parent, Path(__file__).parent
    own = [(here / f"{name}.py").read_bytes() for name in PROTOCOL]
    code = []
    for part in MEASURED:
        place = root / part
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        code += [file.read_bytes() for file in files]
    if native.available():
        from rectifier import _native

        code.append(Path(str(_native.__file__)).read_bytes())
    versions = [f"{name} {version}".encode() for name, version in frameworks().items()]
    return {"ours": _hash([*own, *code, *versions]), "others": _hash([*own, *versions])}


def kernel_fingerprint(name: str) -> str:
    """Return a hash of what every fp32 result of one compiled kernel depends on.

    That is its printed source, the vector maths and the loop that it is compiled with, and the
    compiler's flags, but not the front ends around it: those are asked again, whenever any of the
    code has changed, at every 4096th input. So to measure all inputs of one kernel again after
    a change elsewhere is not needed.

    Args:
        name: The activation.

    Returns:
        The hash; the paths by which the front ends compute, and their versions, are in it.
    """
    root, here = Path(__file__).parents[2], Path(__file__).parent
    spec = catalog.get(name)
    parts = [(here / f"{each}.py").read_bytes() for each in PROTOCOL]
    for pattern in KERNEL_HEADERS:
        parts += [file.read_bytes() for file in sorted((root / "native").glob(pattern))]
    parts.append(emit_cpp.emit_activation(spec).encode())
    parts += [text.encode() for text in emit_cpp.tabled(spec).values()]
    build = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    parts += [line.strip().encode() for line in re.findall(r".*flags -.*|.*target_clones.*", build)]
    paths = (choose.explain(spec, framework).path for framework in ("numpy", "torch"))
    versions = [f"{name} {frameworks().get(name)}".encode() for name in ("numpy", "torch")]
    return _hash([*parts, *versions, *(path.encode() for path in paths)])


def frameworks() -> dict[str, str]:
    """Return the versions of the packages that compute, those that are there."""
    found = {}
    for name in ("numpy", "torch", "jax", "jaxlib", "keras"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def formula_hash(name: str) -> str:
    """Return a hash of everything that a reference takes from the catalog."""
    spec = catalog.get(name)
    parts = (spec.expression, spec.value_expression, spec.derivative_expression)
    texts = [to_text(part).encode() for part in parts]
    return _hash([*texts, repr(sorted(spec.parameters().items())).encode()])[:8]


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


class Store:
    """The lines of a measurement, in a file.

    Args:
        file: Where they are; made if it is not there.
        stamps: The fingerprints. What was measured under others is dropped.
    """

    def __init__(self, file: Path, stamps: Iterable[str]) -> None:
        self.file, known = file, set(stamps)
        self.lines: dict[str, dict[str, Any]] = {}
        self.dropped = 0
        if file.exists():
            for text in file.read_text(encoding="utf-8").splitlines():
                try:
                    line = json.loads(text)
                except json.JSONDecodeError:  # the write that an interruption cut short
                    continue
                if line["stamp"] in known:
                    self.lines[line["key"]] = line
                else:
                    self.dropped += 1
        if self.dropped:
            text = "".join(json.dumps(line) + "\n" for line in self.lines.values())
            file.write_text(text, encoding="utf-8")

    def add(self, line: dict[str, Any]) -> None:
        """Keep the record of a task that is done."""
        self.lines[line["key"]] = line
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


def worst(lines: Iterable[dict[str, Any]], name: str, dtype: str, who: str, order: str) -> Any:
    """Return the largest error among the lines, measured again by mpmath, or None if there is none.

    The fp64 reference ranks the inputs. Near zeros of a value it is itself not quite exact, so the
    worst inputs are measured again until no other can be worse.
    """
    found = [line["of"][who][order] for line in lines if who in line["of"]]
    if not found:
        return None
    ranked = sorted(found, key=lambda each: -each["ulp"])
    best = {**ranked[0], "ulp": 0.0}
    for each in ranked[:40]:
        if each["ulp"] <= best["ulp"] or not each["ulp"]:
            break
        error = each["ulp"]
        kink = order == "slope" and each["x"] in sweep.kinks(name)
        if math.isfinite(error) and not kink:
            true = exact.number(name, int(order == "slope"), each["x"])
            error = exact.error(each["got"], true, FORMATS[dtype], each["scale"])
            each = {**each, "true": float(true)}
        if error > best["ulp"]:
            best = {**each, "ulp": error}
    bar = FORMATS[dtype].value_bar if order == "value" else FORMATS[dtype].slope_bar
    return {
        "ulp": best["ulp"] if math.isfinite(best["ulp"]) else "inf",
        "x": best["x"],
        "got": _plain(best["got"]),
        "true": _plain(best["true"]),
        "normal": _plain(max(each["normal"] for each in found)),
        "passed": best["ulp"] <= bar,
        "missed": sum(each["missed"] for each in found),
        "not_nan": sum(each["not_nan"] for each in found),
    }


def _plain(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def progress(text: str, done: int, of: int) -> str:
    """Return a line with a bar."""
    width = 30
    filled = int(width * done / max(of, 1))
    return f"\r{'█' * filled}{'░' * (width - filled)} {done}/{of} {text}\033[K"
