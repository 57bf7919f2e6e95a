"""What a measurement of a part found, as plain JSON: the source of ``docs/doctor.md``.

Layer: tests; standard library only. `measure` collects, ``docs/generator/doctor.py`` writes the
page.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tally
from runs import Result
from suite import Program

Job = tuple[Program, str]


def judged(suite: Sequence[Program], told: Mapping[Job, Result]) -> dict[str, Any]:
    """How well the runs were judged."""
    faulty = [item for item in suite if item.faulty]
    verdicts = [tally.verdict(item, told[item, "faulty"]) for item in faulty if item.rules]
    healthy = [(item, told[item, "healthy"]) for item in suite]
    pairs = [(item, told[item, "faulty"]) for item in faulty]
    by_rule: dict[str, list[tally.Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_rule[verdict.program.rules[0]].append(verdict)
    return {
        "recall": _pair(tally.share(v.found for v in verdicts)),
        "recall_blind": _pair(tally.share(v.found for v in verdicts if not v.program.in_view)),
        "first_right": _pair(tally.share(v.first_right for v in verdicts)),
        "precision": _pair(tally.precision(pairs, [result for _, result in healthy])),
        "false_alarms": _pair(tally.share(bool(tally.counting(r)) for _, r in healthy)),
        "controls": _pair(
            tally.share(bool(tally.counting(r)) for item, r in healthy if not item.faulty)
        ),
        "by_rule": {
            rule: [sum(v.found for v in items), sum(v.first_right for v in items), len(items)]
            for rule, items in sorted(by_rule.items())
        },
        "missed": [
            {
                "program": v.program.stem,
                "story": v.program.story,
                "wanted": list(v.program.rules),
                "told": list(v.told),
            }
            for v in verdicts
            if not v.first_right
        ],
        "accused": [
            {
                "program": item.stem,
                "twin": item.faulty,
                "told": [f"{f['rule']}:{f['severity']}" for f in tally.counting(result)],
                "cause": tally.counting(result)[0]["cause"],
            }
            for item, result in healthy
            if tally.counting(result)
        ],
    }


def cured(
    suite: Sequence[Program], rows: Sequence[Mapping[str, Any]], touched: Sequence[str]
) -> dict[str, Any]:
    """How much of each gap came back; of ``suite``, healthy programs, which were not left alone."""
    costs = sorted(row["cost"] for row in rows if row.get("cost") is not None)
    return {
        "recovered": _pair(tally.share(row["back"] >= 0.8 for row in rows)),
        "recovered_blind": _pair(
            tally.share(row["back"] >= 0.8 for row in rows if not row["in_view"])
        ),
        "programs": [{key: plain(value) for key, value in row.items()} for row in rows],
        "not_left_alone": list(touched),
        "healthy": len(suite),
        "trainings": costs[len(costs) // 2] if costs else None,
    }


def keep(file: Path, part: str, what: str, found: Mapping[str, Any], facts: Any) -> None:
    """Put what was found into the file, beside what it holds of other parts."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    known |= facts
    known.setdefault("parts", {}).setdefault(part, {})[what] = found
    text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def _pair(share: tally.Share) -> list[int]:
    return [share.hits, share.total]


def plain(value: Any) -> Any:
    """A number with four digits, as text where JSON has none."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else str(value)
    return value
