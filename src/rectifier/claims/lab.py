"""Where a claim has its pieces run: each once, kept under the hash of what determines it.

Layer: claims, no framework. A trial is a function of `rectifier.claims.trials` (or of a file beside
it) with plain arguments and a plain result; a call of it is a `rectifier.compare.piece.Piece`. What
is in the store is not run again, so an interrupted run goes on where it was, and claims that need
the same trainings share them. Who runs the pieces is not the lab's concern: this process, or a
`rectifier.claims.conductor.Conductor` that serves many labs on one engine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rectifier.claims.notebook import Notebook, piece_of
from rectifier.compare.job import Job
from rectifier.compare.piece import Piece
from rectifier.compare.result import Comparison
from rectifier.compare.trial import Outcome
from rectifier.errors import PieceError

if TYPE_CHECKING:
    from rectifier.compare.engines import EngineMaker
    from rectifier.compare.plan import Plan


class Hands(Protocol):
    """Who runs pieces and trials for a lab."""

    @property
    def notebook(self) -> Notebook:
        """Where outcomes go and come from."""
        ...

    def pieces(self, wanted: Sequence[Piece]) -> Iterator[tuple[Piece, Outcome]]:
        """What comes of pieces, each as it is there, kept ones among them."""
        ...

    @property
    def engine(self) -> str | EngineMaker:
        """What runs the trials of a comparison."""
        ...


class Alone:
    """Runs pieces one after the other, in this process.

    Args:
        notebook: Where outcomes go and come from.
    """

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook

    @property
    def engine(self) -> str:
        """What runs a comparison: this process, too."""
        return "inline"

    def pieces(self, wanted: Sequence[Piece]) -> Iterator[tuple[Piece, Outcome]]:
        """What comes of pieces."""
        from rectifier.compare.work import do  # needs torch

        for piece in wanted:
            kept = self.notebook.outcome(piece)
            if kept is None:
                (kept,) = do(Job("piece", pieces=(piece,)), _no_data)
                self.notebook.keep(piece, kept)
            yield piece, kept


def _no_data(seed: int) -> Any:
    raise LookupError(f"a piece makes its data by itself; those of seed {seed} were asked for")


class Comparisons:
    """Comparisons that several claims need: each is made once, by who asks first."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Comparison, float]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._changing = threading.Lock()

    def get(
        self, key: str, make: Callable[[], tuple[Comparison, float]]
    ) -> tuple[Comparison, float]:
        """The comparison of a plan, whose hash is the key, and its processor seconds.

        Others wait while it is made.
        """
        with self._changing:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]


class Lab:
    """Runs pieces and comparisons for one claim after the other.

    Args:
        hands: Who runs them. A notebook: this process does, and keeps outcomes there.
        full: Whether hours may be spent, or minutes.
        comparisons: Those that this lab shares with others.
    """

    def __init__(
        self,
        hands: Hands | Notebook,
        *,
        full: bool = False,
        comparisons: Comparisons | None = None,
    ) -> None:
        self.full = full
        self.seeds_used = 0
        self.processor = 0.0
        """Processor seconds of what was asked for since it was set to 0, kept ones included."""
        self._hands: Hands = Alone(hands) if isinstance(hands, Notebook) else hands
        self._comparisons = Comparisons() if comparisons is None else comparisons

    @property
    def effort(self) -> str:
        """``quick`` or ``full``."""
        return "full" if self.full else "quick"

    def pick(self, quick: Any, full: Any) -> Any:
        """One of two values, by the effort."""
        return full if self.full else quick

    def seeds(self, quick: int, full: int) -> list[int]:
        """Seeds for a claim's runs, noted for its record."""
        count = self.pick(quick, full)
        self.seeds_used = max(self.seeds_used, count)
        return list(range(count))

    def map(self, function: Callable[..., Any], settings: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Run a trial function on each setting, or take the result that is there.

        Args:
            function: Of a module, with plain keyword arguments; returns what JSON can hold.
            settings: Its keyword arguments.

        Returns:
            Results in the order of the settings.

        Raises:
            PieceError: One of them could not be run.
        """
        asked = [piece_of(function, setting) for setting in settings]
        results: dict[str, Any] = {}
        for piece, outcome in self._hands.pieces(list({p.hash: p for p in asked}.values())):
            if outcome.status != "finished":
                raise PieceError(f"{piece.name}({piece.arguments}) failed: {outcome.reason}")
            results[piece.hash] = outcome.result
            self.processor += outcome.processor
        return [results[piece.hash] for piece in asked]

    def compare(self, plan: Plan, name: str) -> Comparison:
        """Run a comparison through ``rectifier.compare``, its trials kept beside the notebook.

        Args:
            plan: What is compared.
            name: Of its store.
        """

        def make() -> tuple[Comparison, float]:
            from rectifier.compare import Store, run_comparison

            with Store(self._hands.notebook.beside(name)) as store:
                found = run_comparison(
                    plan, store, workers=os.cpu_count() or 1, engine=self._hands.engine, resume=True
                )
                # A trial keeps one processor busy, so its seconds are about its processor's.
                return found, sum(each.seconds for each in store.outcomes().values())

        found, seconds = self._comparisons.get(plan.hash, make)
        self.processor += seconds
        return found
