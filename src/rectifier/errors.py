"""Every error that rectifier raises on purpose.

RectifierError
├── UnknownNameError          (LookupError)   a name that is not there; lists the nearest ones
├── ExpressionError           (ValueError)    a formula that cannot be read
├── InvalidActivationError    (ValueError)    a definition or parameter value that makes no sense
├── OtherKindError            (both)          a gated unit or row-wise function in the wrong place
├── InvalidInputError         (ValueError)    data, a model or an option that cannot be used
├── MissingPackageError       (ImportError)   an optional package is absent; says how to install it
├── KernelUnavailableError    (RuntimeError)  a kernel path asked for by name cannot run here
├── ScriptError               (RuntimeError)  a script to watch cannot be found or read
├── SickTrainingError         (RuntimeError)  a watched training has findings that it must not have
├── PieceError                (RuntimeError)  a piece of a longer work has failed; says how
├── OutputError               (OSError)       a place to write to is unusable
└── StoreError                (RuntimeError)  a result store is damaged, busy or of a newer version

Each message is one sentence or two: what was expected, what came, what to do. This file is for all
layers and imports nothing of rectifier.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RectifierError(Exception):
    """Base of all errors that rectifier raises on purpose."""


class UnknownNameError(RectifierError, LookupError):
    """A name is not in the collection that was searched.

    Args:
        kind: What was looked up, in the singular, such as ``"activation"``.
        name: The name that was not found.
        known: All names that would have been found.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = sorted(known)
        lowered = {each.lower(): each for each in self.known}
        near = difflib.get_close_matches(str(name).lower(), lowered, n=3, cutoff=0.5)
        self.nearest = [lowered[each] for each in near]
        if self.nearest:
            hint = "did you mean " + " or ".join(repr(match) for match in self.nearest) + "?"
        else:
            shown = self.known[:12]
            hint = "expected one of " + ", ".join(shown)
            hint += f", … ({len(self.known)} in all)." if len(self.known) > len(shown) else "."
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class ExpressionError(RectifierError, ValueError):
    """A formula cannot be read as an expression."""


class InvalidActivationError(RectifierError, ValueError):
    """An activation's definition or a value given for its parameter makes no sense."""


class OtherKindError(UnknownNameError, InvalidActivationError):
    """A name is that of a gated unit or a row-wise function, where one of one number is wanted.

    Who can do without it treats it as any name that the catalog has not.

    Args:
        kind: ``gated`` or ``rowwise``: the function of a front end that makes it.
        name: The name.
    """

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        self.known, self.nearest = [], []
        Exception.__init__(
            self,
            f"{name!r} is no function of one number; use rectifier.torch.{kind}({name!r}) or "
            f"rectifier.numpy.{kind}({name!r}).",
        )


class InvalidInputError(RectifierError, ValueError):
    """Data, a model or an option cannot be used for what was asked."""


class MissingPackageError(RectifierError, ImportError):
    """An optional package is not installed."""


class KernelUnavailableError(RectifierError, RuntimeError):
    """A kernel path that was asked for by name cannot run here."""


class ScriptError(RectifierError, RuntimeError):
    """A script to run under observation cannot be found or read."""


class SickTrainingError(RectifierError, RuntimeError):
    """A watched training has findings as severe as its caller said it must not have."""


class PieceError(RectifierError, RuntimeError):
    """A piece of a longer work, such as a training for a claim, has failed."""


class OutputError(RectifierError, OSError):
    """A file or folder to write to is unusable."""


class StoreError(RectifierError, RuntimeError):
    """A result store is damaged, busy or was written by a newer version."""
