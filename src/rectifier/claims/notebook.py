"""What is kept of measuring claims: a store of ``rectifier.compare``, and nothing else.

Layer: claims, no framework. The pieces of every claim, and what the claims came to, are lines of
one `rectifier.compare.Store`, so that ``rectifier store`` merges and exports them, too. A claim's
result is kept under its number, effort and definition: whoever changes what a claim states or how
it is measured has it measured anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rectifier.claims.record import Result
from rectifier.compare.piece import Piece
from rectifier.compare.store import Store
from rectifier.compare.trial import Outcome, hash_of

if TYPE_CHECKING:
    from rectifier.claims.claim import Claim

EFFORTS = ("quick", "full")
"""From the least to the greatest."""
NEEDS = ("rectifier.models", "rectifier.claims.networks", "rectifier.compare.mechanism")
"""What decides what a piece gives, besides the file that it is in."""


def piece_of(function: Callable[..., Any], setting: Mapping[str, Any]) -> Piece:
    """The piece that calls a trial function of this package."""
    return Piece.of(function, setting, needs=NEEDS)


@dataclass(frozen=True)
class _Answer:
    """What a claim came to, as a line of a store."""

    claim: Claim
    effort: str

    @cached_property
    def identity(self) -> dict[str, Any]:
        return {
            "claim": self.claim.id,
            "effort": self.effort,
            "protocol": self.claim.protocol,
            "quantities": [repr(quantity) for quantity in self.claim.quantities],
        }

    @cached_property
    def hash(self) -> str:
        return hash_of(self.identity)


class Notebook:
    """An open store of pieces and of claims' results. Use it in a ``with`` statement.

    Args:
        path: The file; made if it is not there. None: in memory.
        read_only: Only read; the file must be there.

    Raises:
        StoreError: The file is something else, damaged or in use.
        OutputError: It cannot be made.
    """

    def __init__(self, path: str | Path | None = None, *, read_only: bool = False) -> None:
        self._store = Store(path, read_only=read_only)

    def __len__(self) -> int:
        """Number of lines."""
        return len(self._store)

    def beside(self, what: str) -> Path | None:
        """A file beside this one for another store; None where this one is in memory."""
        path = self._store.path
        return None if path is None else path.with_name(f"{path.stem}-{what}.sqlite")

    def outcome(self, piece: Piece) -> Outcome | None:
        """What came of a piece; None where nothing did, or an error, which is tried again."""
        found = self._store.outcome(piece.hash)
        return None if found is None or found.status == "error" else found

    def keep(self, piece: Piece, outcome: Outcome) -> None:
        """Write what came of a piece and commit it."""
        self._store.append(piece, outcome)

    def results(self, claims: Iterable[Claim], effort: str | None = None) -> dict[str, Result]:
        """The newest result of each claim, by its number.

        Args:
            claims: Which.
            effort: ``quick`` or ``full``; None: the greatest that is there.
        """
        found: dict[str, Result] = {}
        for claim in claims:
            for kind in EFFORTS if effort is None else (effort,):
                kept = self._store.outcome(_Answer(claim, kind).hash)
                if kept is not None:
                    found[claim.id] = Result.from_dict(kept.result)
        return found

    def keep_result(self, claim: Claim, effort: str, result: Result) -> None:
        """Write a claim's result and commit it."""
        self._store.append(_Answer(claim, effort), Outcome("finished", result=result.to_dict()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.close()
