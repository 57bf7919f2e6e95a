"""Where the final runs of a comparison go beside the store, one file a tracker, found by scanning.

Layer: compare. A file ``sinks/<name>.py`` holds ``sink(place)``, which makes a `Sink` from the text
behind the colon in ``name:place``, as for ``rectifier run --sink``. Each final run becomes a run of
the tracker, when its outcome comes, so a comparison that is resumed sends only what is new; tuning
runs stay in the store. A tracker that cannot be written to is told before anything is trained.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rectifier.compare.result import Comparison
from rectifier.compare.trial import Outcome, Trial
from rectifier.errors import OutputError, RectifierError, UnknownNameError

_MEASURED = ("validation", "test", "dead", "sparsity", "gradient_flow", "sharpness", "seconds")


class Sink(Protocol):
    """A place that final runs go to."""

    def begin(self) -> None:
        """See that it can be written to; called once, before anything is trained."""
        ...

    def trial(self, trial: Trial, outcome: Outcome) -> None:
        """Take one final run; called in the order in which runs end."""
        ...

    def finish(self, comparison: Comparison) -> None:
        """Take the verdicts; called once, last, and not at all where the run is interrupted."""
        ...


def names() -> tuple[str, ...]:
    """The names of all trackers, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def from_text(text: str) -> Sink:
    """Make a sink from how a person names it.

    Args:
        text: ``name:place``, such as ``mlflow:sqlite:///runs.db``; the place may be left out.

    Returns:
        The sink; nothing has been written yet.

    Raises:
        UnknownNameError: There is no such tracker; the message lists the nearest ones.
        MissingPackageError: Its package is not installed.
    """
    name, _, place = text.partition(":")
    if name not in names():
        raise UnknownNameError("sink of compare", name, names())
    make: Callable[[str], Sink] = importlib.import_module(f"{__name__}.{name}").sink
    return make(place)


@contextmanager
def telling(name: str) -> Iterator[None]:
    """Whatever a tracker's own code raises within becomes a sentence.

    Raises:
        OutputError: Something was raised.
    """
    try:
        yield
    except RectifierError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise OutputError(f"the sink {name!r} cannot be used: {lines[0]}") from error


def title(trial: Trial) -> str:
    """What a run is called.

    Example: ``digits relu seed 3``.
    """
    return f"{trial.task} {trial.arm.name} seed {trial.seed}"


def settings(trial: Trial) -> dict[str, Any]:
    """What determines a run, as plain values, and the hash of it that the store knows."""
    kept = {
        name: value
        for name, value in trial.identity.items()
        if name not in ("activation", "options", "functions") and value != ""
    }
    return {**kept, "activation": trial.arm.name, "hash": trial.hash}


def epochs(outcome: Outcome) -> Iterator[tuple[int, dict[str, float]]]:
    """The course of a run: number of each epoch, from 1, and what was seen at its end."""
    course = {"train_loss": outcome.train_loss, "validation_score": outcome.validation_score}
    for place in range(max(map(len, course.values()))):
        yield place + 1, {name: seen[place] for name, seen in course.items() if place < len(seen)}


def results(outcome: Outcome) -> dict[str, float]:
    """What came of a run in the end: numbers that are known."""
    found = {name: getattr(outcome, name) for name in _MEASURED}
    # NaN stands for what is not known, and nothing equals it, itself included.
    return {name: float(v) for name, v in found.items() if v is not None and v == v}


def verdicts(comparison: Comparison) -> list[dict[str, Any]]:
    """The table of a comparison, best first, as plain values."""
    return [
        {
            "activation": row.activation,
            "score": row.score.value,
            "low": row.score.low,
            "high": row.score.high,
            "verdict": row.verdict,
            "chance_best": row.chance_best,
            "seeds": row.seeds,
            "failed_seeds": row.failed_seeds,
        }
        for row in comparison.rows
    ]
