"""Where the numbers of a run go while it runs, one file a sink, found by scanning this package.

Layer: watch, framework-free. A file ``sinks/<name>.py`` holds ``sink(place)``, which makes a `Sink`
from the text behind the colon in ``name:place``. It says at once what is missing or unusable; the
package that it writes with is imported only when the first numbers come, since a training script
may want to import torch first.

Example:
    >>> import tempfile, pathlib
    >>> place = pathlib.Path(tempfile.mkdtemp()) / "run.jsonl"
    >>> sink = from_text(f"jsonl:{place}")
    >>> sink.name
    'jsonl'
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from rectifier.errors import UnknownNameError
from rectifier.watch.sinks.sink import Sink

__all__ = ["Sink", "from_text", "names"]

_NO_SINKS = {"sink", "moments"}


def names() -> tuple[str, ...]:
    """The names of all sinks, sorted."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return tuple(sorted(found - _NO_SINKS))


def from_text(text: str) -> Sink:
    """Make a sink from how a person names it.

    Args:
        text: ``name:place``, such as ``tensorboard:runs/first``; the place may be left out where
            the sink knows a usual one.

    Returns:
        The sink; nothing has been written yet.

    Raises:
        UnknownNameError: There is no such sink; the message lists the nearest ones.
        MissingPackageError: The package that it writes with is not installed.
        OutputError: The place cannot be used.
    """
    name, _, place = text.partition(":")
    if name not in names():
        raise UnknownNameError("sink", name, names())
    make: Callable[[str], Sink] = importlib.import_module(f"{__name__}.{name}").sink
    return make(place)
