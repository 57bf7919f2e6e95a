"""One observed run of a script in a process of its own, with remedies at work or without.

Layer: doctor, on `rectifier.watch`. Called as

    python -m rectifier.doctor.rerun --plan F --record F [-m] SCRIPT [ARGS…]

it runs the script as Python would, its input, output and exit status its own, and writes what was
measured and what the remedies did. Which remedies, and what to make of the outcome, is left to
`rectifier.doctor.repair`, which starts it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectifier.doctor.finding import Remedy
from rectifier.errors import ScriptError
from rectifier.watch.options import WatchOptions
from rectifier.watch.script import run_script

if TYPE_CHECKING:
    from rectifier.doctor.falling_back import FallingBack
    from rectifier.doctor.remedies import Action, Observer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script as the plan says; returns its exit status.

    The record's file is written under another name and then renamed, so that it is whole or absent.
    """
    given = _parser().parse_args(arguments)
    plan = json.loads(Path(given.plan).read_text(encoding="utf-8"))
    treatments = [[remedy_of(item) for item in each] for each in plan["treatments"]]
    cause, certain = str(plan.get("cause", "")), bool(plan.get("certain"))
    actions = _Actions(
        treatments,
        plan.get("losses", ()),
        cause,
        certain=certain,
        guess=float(plan.get("guess", math.nan)),
        begins=int(plan.get("begins", 0)),
        unscripted=bool(plan.get("unscripted")),
        rules=plan.get("rules"),
    )
    place = Path(given.record)
    try:
        result = run_script(
            given.script,
            given.arguments,
            module=given.module,
            options=WatchOptions(**plan["options"]),
            observers=actions,  # type: ignore[arg-type]  # iterated over once, when torch arrives
        )
    except ScriptError as error:
        _write(place, {"error": str(error)})
        return 2
    done = actions.at_work
    unwritten = [action.remedy.action for action in done if action.unwritten]
    met = {action.remedy.action: action.met for action in done if action.met}
    document = {"log": log_of(actions), "unwritten": unwritten, "met": met, "place": actions.place}
    items = [[dataclasses.asdict(remedy) for remedy in each] for each in actions.treatments]
    _write(place, {**document, "treatments": items, "record": result.record.to_json()})
    return int(result.status)


def _write(place: Path, document: dict[str, Any]) -> None:
    draft = place.with_suffix(".draft")
    draft.write_text(json.dumps(document), encoding="utf-8")
    draft.replace(place)


class _Actions:
    """The remedies at work, built when first asked for.

    They import torch, which must not come before the script itself imports it: a script may set
    OMP_NUM_THREADS and the like first.
    """

    def __init__(
        self,
        treatments: Sequence[Sequence[Remedy]],
        losses: Sequence[float] = (),
        cause: str = "",
        *,
        certain: bool = False,
        guess: float = math.nan,
        begins: int = 0,
        unscripted: bool = False,
        rules: Sequence[str] | None = None,
    ) -> None:
        self._treatments = treatments
        self._losses = losses
        self._cause, self._certain, self._guess = cause, certain, guess
        self._unscripted = unscripted
        self._begins, self._rules = begins, rules
        self._built: FallingBack | None = None

    def __iter__(self) -> Iterator[Observer]:
        if self._built is None and self._treatments:
            from rectifier.doctor.falling_back import FallingBack

            self._built = FallingBack(
                self._treatments,
                self._losses,
                cause=self._cause,
                certain=self._certain,
                guess=self._guess,
                begins=self._begins,
                rules=self._rules,
            )
            if self._unscripted:
                from rectifier.doctor.remedies._unscripted import leave_unscripted

                leave_unscripted()
        several = len(self._treatments) > 1 or self._begins > 0 or self._rules is not None
        return iter((*((self._built,) if several and self._built else ()), *self.at_work))

    @property
    def at_work(self) -> Sequence[Action]:
        """The remedies of the treatment that was taken last."""
        return () if self._built is None else self._built.actions

    @property
    def place(self) -> int:
        """Of that treatment, among all."""
        return 0 if self._built is None else self._built.place

    @property
    def treatments(self) -> Sequence[Sequence[Remedy]]:
        """All of them, with what was put together on the way."""
        return self._treatments if self._built is None else self._built.treatments

    @property
    def tried(self) -> Sequence[str]:
        """What was taken back before, in sentences."""
        return () if self._built is None else self._built.log


def log_of(actions: _Actions) -> list[str]:
    """What the remedies did, in their order; one that never found its occasion says so."""
    done = (line for action in actions.at_work for line in (action.log or _idle(action.remedy)))
    return [*actions.tried, *done]


def _idle(remedy: Remedy) -> list[str]:
    """What to say of a remedy that did nothing; of one that only stood by nothing."""
    return [] if remedy.settings.get("guard") else [f"{remedy.action}: found nothing to act on"]


def remedy_of(item: Mapping[str, Any]) -> Remedy:
    """A remedy from its plain values."""
    return Remedy(
        str(item["action"]),
        str(item.get("why", "")),
        dict(item.get("settings", {})),
        dict(item.get("scope", {})),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rectifier.doctor.rerun", allow_abbrev=False)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--record", required=True)
    parser.add_argument("-m", dest="module", action="store_true")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
