"""The suite of training programs: what each is, which fault it carries, and its plain text.

Layer: tests. A program is one file. Those in ``pairs/`` hold two scripts that differ in a line or
two: a line that ends in ``# healthy`` belongs to the healthy twin alone, a line that starts with
``# faulty:`` (behind its indent) to the faulty one alone. Those in ``healthy/`` are healthy as they
stand. Rendering drops these marks and the head, so that what runs is a plain script as people write
it. Running is left to `runs`, counting to `tally`, printing to `measure`.

The head is the comment before the docstring:

``# rules:``     ids of the rules that name the root cause, the best one first, or ``none``: a fault
                 that no rule is about, where the tool should accuse nothing (pairs only)
``# remedies:``  ids of the remedies that cure it (pairs only)
``# metric:``    a printed name and ``up`` or ``down``, the direction that is better
``# story:``     what happened to whom, in a line or two (pairs only)
``# in view:``   of a program to measure on: what was mended while looking at what it gave, so that
                 it is blind no longer
``# batch:``     ``second`` to ``eighteenth`` where it was written later and committed before the
                 tool saw it; who wrote the second, the fourth and the sixth to the eighteenth had
                 read no rule, who wrote the fifth meant to provoke false alarms
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

RULES = frozenset({
    "dying_relu", "born_dead", "dormant_units", "saturated_activation", "vanishing_gradient",
    "exploding_gradient", "poor_initialization", "symmetric_initialization", "missing_activation",
    "unsuitable_output_activation", "unsuitable_activation", "learning_rate_too_high",
    "learning_rate_too_low", "unnormalized_input", "non_finite", "frozen_parameters",
})  # fmt: skip

REMEDIES = frozenset({
    "lower_learning_rate", "raise_learning_rate", "reinitialize", "swap_activation",
    "insert_normalization", "clip_gradients", "recycle_units", "remove_output_activation",
    "add_activation", "normalize_input", "add_to_optimizer", "stabilize_loss",
})  # fmt: skip

SALT = 2160
"""Chosen, before any program ran under the tool, so that each part has each root cause."""

_HEALTHY = re.compile(r"\s*# healthy$")
_FAULTY = re.compile(r"^(?P<indent>\s*)# faulty: ?(?P<code>.*)$")


@dataclass(frozen=True)
class Program:
    """One training program.

    Attributes:
        stem: Its name. ``path``: its file. ``faulty``: whether it holds a fault and a twin.
        rules: Acceptable root causes, the best first; of a faulty program none where no rule is
            about its fault. ``remedies``: acceptable cures.
        metric: What it prints that tells how good it is. ``up``: whether higher is better.
        story: What happened to whom; empty for a healthy program.
        in_view: What was mended with it in view; empty where it is blind.
        batch: ``first``, or the later one that it was written with.
    """

    stem: str
    path: Path
    faulty: bool
    rules: tuple[str, ...]
    remedies: tuple[str, ...]
    metric: str
    up: bool
    story: str = ""
    in_view: str = ""
    batch: str = "first"

    @property
    def part(self) -> str:
        """``develop`` or ``measure``: by the stem alone, so that no result can move it."""
        digest = hashlib.sha256(f"{SALT} {self.stem}".encode()).digest()
        return "measure" if digest[0] % 2 else "develop"

    def script(self, variant: str) -> str:
        """The plain text of ``faulty`` or ``healthy``."""
        return render(self.path.read_text(encoding="utf-8"), variant)

    def value(self, output: str) -> float | None:
        """The last value of the metric in what the program printed; None where it has none."""
        name = re.escape(self.metric)
        number = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)"
        found = re.findall(rf"(?<![\w]){name}\b[^\w\n+-]*({number})(%?)", output, re.IGNORECASE)
        return float(found[-1][0]) / (100 if found[-1][1] else 1) if found else None


def render(text: str, variant: str) -> str:
    """The plain script of one variant, head and marks removed."""
    if variant not in ("faulty", "healthy"):
        raise ValueError(f"expected variant 'faulty' or 'healthy', got {variant!r}")
    lines = text.splitlines()
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    plain: list[str] = []
    for line in lines:
        if match := _FAULTY.match(line):
            if variant == "faulty":
                plain.append(match["indent"] + match["code"])
        elif _HEALTHY.search(line):
            if variant == "healthy":
                plain.append(_HEALTHY.sub("", line))
        else:
            plain.append(line)
    return "\n".join(plain) + "\n"


def read(path: Path) -> Program:
    """One program from its file.

    Raises:
        ValueError: Its head or its marks are not as they should be.
    """
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^# (rules|remedies|metric|story|in view|batch): (.+)$", text, re.M))
    faulty = path.parent.name == "pairs"
    needed = {"rules", "remedies", "metric", "story"} if faulty else {"metric"}
    if not needed <= set(head):
        raise ValueError(f"{path.name}: the head lacks {sorted(needed - set(head))}")
    rules = tuple(rule for rule in head.get("rules", "").split() if rule != "none")
    remedies = tuple(head.get("remedies", "").split())
    if unknown := sorted((set(rules) - RULES) | (set(remedies) - REMEDIES)):
        raise ValueError(f"{path.name}: unknown rules or remedies {unknown}")
    *name, direction = head["metric"].split()
    if direction not in ("up", "down") or not name:
        raise ValueError(f"{path.name}: expected '# metric: NAME up|down', got {head['metric']!r}")
    if faulty == (render(text, "faulty") == render(text, "healthy")):
        raise ValueError(f"{path.name}: expected a marked fault in pairs/ and none in healthy/")
    return Program(
        path.stem, path, faulty, rules, remedies, " ".join(name), direction == "up",
        head.get("story", ""), head.get("in view", ""), head.get("batch", "first"),
    )  # fmt: skip


def programs(part: str = "all", folder: Path = FOLDER) -> list[Program]:
    """Those of a part, faulty first, by name; of this suite or of one laid out likewise."""
    files = sorted(folder.glob("pairs/*.py")) + sorted(folder.glob("healthy/*.py"))
    return [item for item in map(read, files) if part in ("all", item.part)]
