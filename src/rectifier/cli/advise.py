"""``rectifier advise``: which activation for this case, and what goes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rectifier.cli.options import Listed, OutputFile, write_json

if TYPE_CHECKING:
    from rectifier.advice.answer import Advice
    from rectifier.advice.case import Case
    from rectifier.advice.rules import Rule
    from rectifier.claims.record import Entry

_DOMAINS = ("cnn", "transformer", "rnn", "rl", "series", "tables", "mlp")


@click.command("advise", short_help="Which activation for this case, and what goes with it.")
@click.argument("model", required=False, metavar="[FILE.py:FUNCTION]")
@click.option("--domain", type=click.Choice(_DOMAINS), help="What it is. Default: as read, or mlp.")
@click.option("--depth", type=click.IntRange(min=1), help="Layers with weights.")
@click.option("--width", type=click.IntRange(min=1), help="Units of the narrowest hidden layer.")
@click.option("--batch-norm/--no-batch-norm", default=None, help="Whether it has any.")
@click.option("--residual/--no-residual", default=None, help="Whether it has shortcuts.")
@click.option("--edge", is_flag=True, help="It must run on a small device.")
@click.option("--prefer", type=click.Choice(("speed", "accuracy")), help="What comes first.")
@click.option("--signed-inputs", is_flag=True, help="Negative values carry meaning of their own.")
@click.option(
    "--output",
    type=click.Choice(("classes", "regression", "probability", "positive", "bounded")),
    help="What it gives.",
)
@click.option(
    "--input",
    "shapes",
    type=Listed(int, "whole numbers"),
    multiple=True,
    metavar="N,N,…",
    help="With a model: the shape of a sample, without the batch; once for each input.",
)
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
def command(
    model: str | None,
    shapes: tuple[tuple[int, ...], ...],
    json_file: str | None,
    **facts: Any,
) -> None:
    """Advise on activation, initialisation, normalisation, learning rate and what to watch.

    Each piece of advice names who says so and what the ledger of claims found about it on this
    machine, or where the package was made. With a model, that is run once and read instead of
    described; options take precedence over what is read.

    \b
    Examples:
      rectifier advise --domain cnn --depth 50 --batch-norm
      rectifier advise --domain series --signed-inputs --prefer accuracy
      rectifier advise model.py:build --input 3,32,32
    """  # noqa: D301
    from rectifier.advice.answer import advise
    from rectifier.advice.case import Case

    given = {name: value for name, value in facts.items() if value not in (None, False)}
    given |= {n: facts[n] for n in ("batch_norm", "residual") if facts[n] is False}
    notes: tuple[str, ...] = ()
    if model is None:
        if shapes:
            raise click.UsageError("--input goes with a model; name one as FILE.py:FUNCTION")
        case = Case(**given)
    else:
        case, notes = _read(model, shapes)
        case = replace(case, **given)
    advice = advise(case)
    evidence = _evidence(advice)
    if json_file is not None:
        write_json(json_file, _to_dict(case, notes, advice, evidence))
    if json_file == "-":
        return
    from rectifier.cli.console import console
    from rectifier.report.terminal.advice import print_advice

    rows = [_row(each, evidence) for each in advice]
    print_advice(case.to_dict(), notes, rows, evidence, console())


def _read(model: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[Case, tuple[str, ...]]:
    from rectifier.optional import require

    require("torch", extra="torch", purpose="reading a model")
    from rectifier.advice.model import load, read

    found = read(load(model), shapes=shapes)
    return found.case, found.notes


def _evidence(advice: tuple[Advice, ...]) -> dict[str, Entry]:
    """Entries of the ledger for every claim that a rule names."""
    from pathlib import Path

    from rectifier.claims import ledger
    from rectifier.claims.notebook import Notebook
    from rectifier.cli.claims import STORE

    named = {c for each in advice for rule in (each.rule, *each.also) for c in rule.claims}
    here = {}
    if Path(STORE).exists():
        with Notebook(STORE, read_only=True) as notebook:
            here = notebook.results([ledger.get(name) for name in named])
    return {entry.id: entry for entry in ledger.entries(here, sorted(named))}


def _row(each: Advice, evidence: dict[str, Entry]) -> dict[str, Any]:
    return {
        "topic": each.topic,
        "choice": each.rule.choice,
        "why": each.rule.why,
        "source": each.rule.source,
        "claims": list(each.rule.claims),
        "stances": _stances(each.rule, evidence),
        "note": each.note,
        "also": [
            {
                "choice": r.choice,
                "why": r.why,
                "source": r.source,
                "claims": list(r.claims),
                "stances": _stances(r, evidence),
            }
            for r in each.also
        ],
    }


def _stances(rule: Rule, evidence: dict[str, Entry]) -> dict[str, str]:
    """What each claim that a rule names means for it."""
    from rectifier.advice.answer import stance

    found = {}
    for name in rule.claims:
        entry = evidence[name]
        words = {word for _, word in entry.readings} or {entry.verdict}
        settled = len(words) == 1 and not entry.open
        found[name] = stance(rule.side(name), entry.verdict, settled=settled)
    return found


def _to_dict(
    case: Case, notes: tuple[str, ...], advice: tuple[Advice, ...], evidence: dict[str, Entry]
) -> dict[str, Any]:
    from rectifier.report import ledger as report

    return {
        "schema": 1,
        "case": case.to_dict(),
        "notes": list(notes),
        "advice": [_row(each, evidence) for each in advice],
        "evidence": {
            name: {
                "claim": entry.claim,
                "verdict": entry.verdict,
                "measured": report.measured(entry),
                "origin": report.origin(entry),
            }
            for name, entry in evidence.items()
        },
    }
