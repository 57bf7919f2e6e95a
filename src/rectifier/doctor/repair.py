"""Repairing: a sick run, a diagnosis, a rerun with the remedy, and the proof that it helped.

Layer: doctor. Each run is a process of its own (`rectifier.doctor.rerun`) with the same arguments,
input and seeds, so that before and after differ by the remedy alone; one rerun is the default, so
that a repair costs two trainings. What to try and how to weigh it is in `rectifier.doctor.judge`.
The user's files are never written: where the cure is an edit, it comes as a patch.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectifier.doctor import child, evidence, in_turn, judge, metrics
from rectifier.doctor.by_hand import instruction
from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.insertions import Place
from rectifier.doctor.outcome import Attempt, Repair, RepairVerdict, Run
from rectifier.doctor.patch import patch_for
from rectifier.doctor.rerun import remedy_of
from rectifier.doctor.wording import listing, number
from rectifier.errors import ScriptError
from rectifier.watch.record import Record

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

EARLY = 0.5
"""Share of the sick run's steps up to which a rerun that a remedy made fail is begun again."""


@dataclasses.dataclass(frozen=True)
class _Program:
    """What is run, and how."""

    script: str
    arguments: tuple[str, ...]
    module: bool
    options: Mapping[str, Any]
    folder: Path
    given: child.Input
    echo: child.Echo


def repair_script(
    script: str,
    arguments: Sequence[str] = (),
    *,
    module: bool = False,
    attempts: int = 1,
    options: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
    echo: child.Echo | None = None,
) -> Repair:
    """Run a training script, find what ails it, rerun it with the remedy, and compare.

    Args:
        script: Path of the script, or the module's name with ``module``.
        arguments: Its arguments.
        module: As ``python -m`` does.
        attempts: Reruns at most; the best one is kept.
        options: Fields of `rectifier.watch.WatchOptions` by name; by default every step is
            observed, since who repairs wants to know.
        progress: Is told, in sentences, what happens.
        echo: Is given what the script prints, as it comes, and whether it came on standard error;
            by default it goes to this process's standard output and error.

    Returns:
        What was done, and the proof. Ctrl-C ends it early and keeps what was done.

    Raises:
        ScriptError: The script or module is not there, or cannot be read.
    """
    tell = progress if progress is not None else _quiet
    with tempfile.TemporaryDirectory(prefix="rectifier-") as folder:
        program = _Program(
            script,
            tuple(arguments),
            module,
            dict(options if options is not None else {"every": 1}),
            Path(folder),
            child.Input(),
            echo if echo is not None else _pass_on,
        )
        return _repair(program, attempts, tell)


def _repair(program: _Program, attempts: int, tell: Callable[[str], None]) -> Repair:
    name = " ".join([program.script, *program.arguments])
    tell(f"running {name} as it is")
    before, _, stopped = _run(program, ())
    bad = judge.harmful(before.findings)
    if stopped:
        return _ended(program, before, "The run was interrupted, so nothing was tried.")
    if not bad:
        if before.record.steps == 0:
            what = f"The script ended with status {before.status} and no training step was seen"
            return _ended(program, before, f"{what}, so there was nothing to repair.")
        if not in_turn.learnt_nothing(before.record):
            said = "Nothing that harms the training was found, so nothing was changed."
            return _ended(program, before, said, "healthy")
        tell("no rule says why, but the loss stayed at what a guess costs: trying what helps most")
    else:
        tell(f"found: {bad[0].cause}")
    known = _known()
    starts = range(max(1, len(judge.plans(before.findings, known))))[:attempts]
    if not in_turn.treatments(before.findings, known, before.record):
        return _ended(program, before, "No remedy of ours fits what was found.")
    done: list[tuple[Attempt, judge.Comparison]] = []
    for start in starts:
        treatments: Sequence[Sequence[Remedy]] = in_turn.treatments(
            before.findings, known, before.record, start
        )
        first = judge.chosen(treatments[0], {})
        tell(f"running it again with {listing([describe(remedy) for remedy in first])}")
        treatments, after, rest, stopped = _rerun(program, treatments, before, tell)
        weighed = judge.compare(before, after)
        if stopped:
            weighed = dataclasses.replace(weighed, verdict="not repaired")
        log = tuple(rest.get("log", ()))
        unwritten = frozenset(rest.get("unwritten", ()))
        met = rest.get("met", {})
        carried = judge.chosen(treatments[rest.get("place", 0)], met)
        attempt = Attempt(carried, after, unwritten, log, met)
        done.append((attempt, weighed))
        if stopped or weighed.verdict == "repaired":
            break
    return _conclude(program, before, done, stopped)


def _rerun(
    program: _Program,
    treatments: Sequence[Sequence[Remedy]],
    before: Run,
    tell: Callable[[str], None],
) -> tuple[Sequence[Sequence[Remedy]], Run, dict[str, Any], bool]:
    """One rerun; a remedy under which the script fails early is left out of another."""
    spent = 0
    while True:
        after, rest, stopped = _run(program, treatments, before)
        for line in rest.get("log", ()):
            tell(line)
        treatments = [
            list(map(remedy_of, each)) for each in rest.get("treatments", ())
        ] or treatments
        spent += after.record.steps
        place = int(rest.get("place", 0))
        failed = after.status != 0 and before.status == 0 and bool(rest)
        left = treatments[place + 1 :]
        if stopped or not failed or not left or spent > EARLY * before.record.steps:
            return treatments, after, rest, stopped
        names = listing([describe(remedy) for remedy in judge.chosen(treatments[place], {})])
        tell(f"the script failed with status {after.status} under {names}; again without it")
        treatments = left


def _conclude(
    program: _Program,
    before: Run,
    done: Sequence[tuple[Attempt, judge.Comparison]],
    stopped: bool,
) -> Repair:
    tries = tuple(attempt for attempt, _ in done)
    best = max(range(len(done)), key=lambda i: done[i][1].rank)
    attempt, weighed = done[best]
    shown = judge.proof(before, attempt.run, weighed)
    if weighed.verdict == "not repaired":
        said = f"No attempt helped; the last word: {shown}."
        if stopped:
            said = "The rerun was interrupted before it could be judged."
        return _ended(program, before, said, "not repaired", tries)
    what = listing([describe(remedy) for remedy in attempt.remedies])
    said = f"With {what}: {shown}."
    flag = _argument(program, attempt.remedies)
    if flag:
        said += f" To make it last, pass {flag}."
    repair = _ended(program, before, said, weighed.verdict, tries)
    patch, by_hand = _lasting(program, before.record, attempt, flag)
    return dataclasses.replace(repair, chosen=best, patch=patch, by_hand=by_hand)


def _lasting(
    program: _Program, record: Record, attempt: Attempt, flag: str
) -> tuple[str, tuple[str, ...]]:
    """The patch that makes a cure last, and in words what it leaves out."""
    script, folder = Path(program.script), Path.cwd()
    sources = {site.site: site.source for site in record.sites}
    places = _places(record)
    written: list[Remedy] = []
    words: list[str] = []
    for plain in attempt.remedies:
        met = attempt.met.get(plain.action)
        scope = {**plain.scope, "met": met} if met else plain.scope
        remedy = dataclasses.replace(plain, scope=scope)
        if flag and remedy.action in ("lower_learning_rate", "raise_learning_rate"):
            continue  # an argument says it
        sure = not program.module and remedy.action not in attempt.unwritten
        sure = sure and not remedy.settings.get("relative")  # its numbers are none of the program's
        if sure and patch_for(script, [remedy], sources, folder, places):
            written.append(remedy)
        else:
            words.append(instruction(remedy, sources, attempt.log if not sure else ()))
    patch = patch_for(script, written, sources, folder, places) if written else ""
    return patch, tuple(words)


def _places(record: Record) -> dict[str, Place]:
    """What an edit must know of each layer."""
    known = {item.layer: Place(item.model, item.kind) for item in record.layers}
    for site in record.sites:
        if site.layer:
            known[site.layer] = Place(site.model, site.layer_kind, site.units, site.unit_axis)
    return known


def _ended(
    program: _Program,
    before: Run,
    summary: str,
    verdict: RepairVerdict = "not repaired",
    attempts: tuple[Attempt, ...] = (),
) -> Repair:
    return Repair(program.script, before, attempts, None, verdict, summary)


def _argument(program: _Program, remedies: Sequence[Remedy]) -> str:
    """The command-line argument that sets what was changed, as it should read; empty if none."""
    for remedy in remedies:
        of_rate = remedy.action in ("lower_learning_rate", "raise_learning_rate")
        if not of_rate or remedy.settings.get("relative"):
            continue
        for place, argument in enumerate(program.arguments):
            flag, equals, value = argument.rpartition("=")
            try:
                same = float(value) == float(remedy.settings["from"])
            except ValueError:
                continue
            if same and "l" in (flag or program.arguments[place - 1]):
                new = number(float(remedy.settings["to"]))
                return f"{flag}={new}" if equals else f"{program.arguments[place - 1]} {new}"
    return ""


def describe(remedy: Remedy) -> str:
    """A remedy in a few words, with its numbers."""
    words = remedy.action.replace("_", " ")
    given = remedy.settings
    if given.get("loosen"):
        return f"{words} less"
    if given.get("bound"):
        return f"{words} with exponentials bent within {given['bound']:g}"
    if given.get("relative"):
        return f"{words} to {given['to']:g} times what it was"
    if "from" in given and "to" in given:
        return f"{words} from {given['from']} to {given['to']}"
    if "target_std" in given:
        return f"{words}, its targets in units of {given['target_std']:g}"
    if "max_norm" in given:
        return f"{words} to norm {given['max_norm']:g}"
    return words


def _run(
    program: _Program, treatments: Sequence[Sequence[Remedy]], before: Run | None = None
) -> tuple[Run, dict[str, Any], bool]:
    """One run in a process of its own: the run, what the remedies did, whether it was stopped."""
    plan, place = program.folder / "plan.json", program.folder / "record.json"
    place.unlink(missing_ok=True)
    items = [[dataclasses.asdict(remedy) for remedy in each] for each in treatments]
    given: dict[str, Any] = {"treatments": items, "options": dict(program.options)}
    if before is not None and any("TorchScript" in note for note in before.record.notes):
        given["unscripted"] = True
    if before is not None:
        given["losses"] = in_turn.losses(before.record)
        given["cause"] = next((f.rule for f in judge.harmful(before.findings)), "")
        sure = in_turn.certain(before.findings) or metrics.is_of_episodes(
            before.metrics, before.output
        )
        given["certain"] = sure
        if before.record.steps >= in_turn.SHORTEST and not metrics.is_of_episodes(
            before.metrics, before.output
        ):
            given["rules"] = sorted({f.rule for f in judge.harmful(before.findings)})
        given["begins"] = in_turn.begins(before.findings, before.record)
        given["guess"] = evidence.guess_of(before.record)
    text = json.dumps(given)
    plan.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "rectifier.doctor.rerun", "--plan", str(plan)]
    command += ["--record", str(place), *(["-m"] if program.module else []), program.script]
    start = time.perf_counter()
    ended = child.run([*command, *program.arguments], program.given, program.echo)
    seconds = time.perf_counter() - start
    rest: dict[str, Any] = {}
    record = Record(
        script=program.script,
        notes=(f"The script ended with status {ended.status} before a record was written.",),
    )
    if place.is_file():
        document = json.loads(place.read_text(encoding="utf-8"))
        if "error" in document:
            raise ScriptError(document["error"])
        record, rest = Record.from_json(document.pop("record")), document
    run = Run(
        record=record,
        findings=diagnose(record),
        status=ended.status,
        output=ended.output,
        metrics=metrics.parse(ended.output),
        seconds=seconds,
    )
    return run, rest, ended.interrupted or ended.status == 130


def repair_model(
    model: nn.Module, optimizer: Optimizer | None, findings: Sequence[Finding]
) -> tuple[str, ...]:
    """Apply the most promising remedies to a live model, for good.

    Args:
        model: The model.
        optimizer: Its optimiser; None if there is none.
        findings: The doctor's, root cause first.

    Returns:
        One sentence for each thing that was done; empty where nothing needs doing.
    """
    from rectifier.doctor.remedies import build

    done: list[str] = []
    for remedy in next(iter(judge.plans(findings, _known())), ()):
        action = build(remedy)
        action.apply(model, optimizer)
        done += action.log
    return tuple(done)


def _known() -> tuple[str, ...]:
    from rectifier.doctor import remedies

    return remedies.names()


def _quiet(message: str) -> None:
    del message


def _pass_on(text: str, is_error: bool) -> None:
    stream = sys.stderr if is_error else sys.stdout
    stream.write(text)
    stream.flush()
