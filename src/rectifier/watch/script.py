"""Run a script as ``python script.py`` would, while watching it.

Layer: watch. Standard library only until the script imports torch: what it does before that
(setting ``OMP_NUM_THREADS``, say) works as ever. The script is ``__main__``, with its own
``sys.argv`` and ``sys.path[0]``, so pickling, multiprocessing's start methods and ``if __name__ ==
"__main__"`` work. Its output, exit status and tracebacks are its own. The working folder is left as
the script leaves it, so a caller that writes files afterwards has to make their paths absolute
before.

Two things cannot be caught: ``os._exit`` and replacing the process (``os.exec*``). A process that
the script forks with ``os.fork`` is not watched and ends as it would without us.
"""

from __future__ import annotations

import atexit
import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import TYPE_CHECKING

from rectifier.errors import ScriptError
from rectifier.watch.arrival import Arrival
from rectifier.watch.listening import Listeners
from rectifier.watch.options import WatchOptions

if TYPE_CHECKING:
    from rectifier.torch.sites import Interception, Observer
    from rectifier.watch.record import Record
    from rectifier.watch.watcher import Watcher

INTERRUPTED = 130
"""Exit status after Ctrl-C."""


@dataclass(frozen=True, eq=False)
class ScriptRun:
    """A run of a script.

    Attributes:
        status: Its exit status.
        record: What was measured.
        error: What it raised, other than SystemExit; None if nothing.
    """

    status: int
    record: Record
    error: BaseException | None = None


@dataclass(frozen=True)
class _Program:
    """Code that is ready to run as ``__main__``."""

    load: Callable[[], CodeType]
    file: str
    spec: importlib.machinery.ModuleSpec | None
    loader: object
    argv0: str
    path0: str


def run_script(
    target: str,
    arguments: Sequence[str] = (),
    *,
    module: bool = False,
    options: WatchOptions | None = None,
    observers: Sequence[Observer] = (),
    listeners: Listeners | None = None,
) -> ScriptRun:
    """Run a script or module as ``__main__`` and watch it.

    Args:
        target: Path of a script (or of a folder with ``__main__.py``), or a module's dotted name.
        arguments: Its command line.
        module: Whether ``target`` is a module's name, as in ``python -m``.
        options: How to watch.
        observers: More observers of the interception, such as remedies; told before the watcher.
        listeners: Who gets the record now and then; closing them is left to the caller.

    Returns:
        Exit status, record, and the exception if one ended it. Its traceback has been printed.

    Raises:
        ScriptError: There is no such script or module, or it cannot be read.
    """
    watch = _Watch(target, options or WatchOptions(), observers, listeners or Listeners())
    process = os.getpid()
    error: BaseException | None = None
    with _as_main(target, arguments, module) as (program, main):
        try:
            code = program.load()
            with watch:
                exec(code, main.__dict__)
            status = 0
        except BaseException as raised:  # noqa: BLE001 - whatever the script raises is its own
            status, error = _ended_by(raised)
        if os.getpid() != process:
            _leave_child(status)
    return ScriptRun(status, watch.record(), error)


class _Watch:
    """Puts the interception in when torch arrives, and takes it out at the end."""

    def __init__(
        self,
        target: str,
        options: WatchOptions,
        observers: Sequence[Observer],
        listeners: Listeners,
    ) -> None:
        self._target = target
        self._options = options
        self._observers = observers
        self._listeners = listeners
        self._folder = Path.cwd()
        self._interception: Interception | None = None
        self._watcher: Watcher | None = None
        self._arrival = Arrival("torch", self._start)

    def _start(self) -> None:
        from rectifier.torch.sites import Interception
        from rectifier.watch.announcer import Announcer
        from rectifier.watch.watcher import Watcher

        self._watcher = Watcher(self._options, script=self._target)
        observers: list[Observer] = [*self._observers, self._watcher]
        if self._listeners:
            observers.append(Announcer(self._listeners, self._watcher.record))
        self._interception = Interception(observers, folder=self._folder)
        self._interception.__enter__()

    def __enter__(self) -> None:
        self._arrival.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._arrival.__exit__(kind, error, trace)
        if self._interception is not None:
            self._interception.__exit__(kind, error, trace)
        if self._watcher is not None and error is None:
            self._watcher.come_together()

    def record(self) -> Record:
        """What was measured; empty, with a note, where torch never came."""
        if self._watcher is None or self._interception is None:
            from rectifier.watch.record import Record

            note = "The script did not import torch, so there was nothing to watch."
            return Record(script=self._target, notes=(note,))
        record = self._watcher.record()
        return replace(
            record,
            notes=(*record.notes, *self._interception.notes, *self._listeners.notes),
        )


# Being __main__


@contextmanager
def _as_main(
    target: str, arguments: Sequence[str], module: bool
) -> Iterator[tuple[_Program, ModuleType]]:
    """Make the interpreter look as it does to a script that was started by its own."""
    kept = sys.argv, list(sys.path), sys.modules.get("__main__")
    try:
        if module:
            sys.path[0] = str(Path.cwd())
            sys.argv = ["-m", *arguments]
        program = _find_module(target) if module else _find_script(target)
        main = types.ModuleType("__main__")
        main.__dict__.update(
            __file__=program.file,
            __builtins__=builtins,
            __annotations__={},
            __spec__=program.spec,
            __loader__=program.loader,
            __package__=None if program.spec is None else program.spec.parent,
            __cached__=None if program.spec is None else program.spec.cached,
        )
        sys.path[0] = program.path0
        sys.argv = [program.argv0, *arguments]
        sys.modules["__main__"] = main
        yield program, main
    finally:
        sys.argv, path, previous = kept
        sys.path[:] = path
        if previous is not None:
            sys.modules["__main__"] = previous


def _find_script(target: str) -> _Program:
    path = Path(target)
    full = str(path if path.is_absolute() else Path.cwd() / path)
    if path.is_dir():
        spec = importlib.machinery.PathFinder.find_spec("__main__", [full])
        if spec is None:
            raise ScriptError(
                f"cannot run the folder {target!r}: it has no __main__.py; name a Python file."
            )
        return _of_spec(spec, target, full)
    if not path.exists():
        near = sorted(p.name for p in path.parent.glob("*.py"))[:5]
        hint = f"; Python files there: {', '.join(near)}" if near else ""
        raise ScriptError(f"cannot find the script {target!r}{hint}.")
    try:
        with io.open_code(full) as file:
            source = file.read()
    except OSError as error:
        raise ScriptError(f"cannot read the script {target!r}: {error.strerror}.") from error

    def load() -> CodeType:
        return compile(source, full, "exec", dont_inherit=True)

    loader = importlib.machinery.SourceFileLoader("__main__", full)
    return _Program(load, full, None, loader, target, str(Path(full).resolve().parent))


def _find_module(target: str) -> _Program:
    try:
        spec = importlib.util.find_spec(target)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{target}.__main__")
    except (ImportError, ValueError) as error:
        raise ScriptError(f"cannot find the module {target!r}: {error}.") from error
    if spec is None or spec.origin is None:
        raise ScriptError(
            f"cannot find the module {target!r} to run; expected a module or a package with "
            "__main__.py on sys.path, or the path of a script without -m."
        )
    return _of_spec(spec, spec.origin, str(Path.cwd()))


def _of_spec(spec: importlib.machinery.ModuleSpec, argv0: str, path0: str) -> _Program:
    loader = spec.loader
    if not isinstance(loader, importlib.abc.InspectLoader) or spec.origin is None:
        raise ScriptError(f"cannot run {argv0!r}: there is no Python code behind it.")
    readable = loader

    def load() -> CodeType:
        code = readable.get_code(spec.name)
        if code is None:
            raise ImportError(f"no code object available for {spec.name}")
        return code

    return _Program(load, spec.origin, spec, loader, argv0, path0)


# How it ended


def _ended_by(error: BaseException) -> tuple[int, BaseException | None]:
    """Do what Python does with an exception that reaches the top; its status and the exception."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            return 0, None
        if isinstance(code, int):
            return int(code), None
        _flush()
        print_to = sys.stderr
        if print_to is not None:
            print_to.write(f"{code}\n")
        return 1, None
    _hide_frames(error)
    _flush()
    sys.excepthook(type(error), error, error.__traceback__)
    return (INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1), error


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            try:
                stream.flush()
            except OSError:
                continue  # a closed pipe; Python too only notices it at exit


def _hide_frames(error: BaseException) -> None:
    """Take our own frames out of a traceback, and those of all that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = _without_ours(current.__traceback__)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


_TORCH = Path(__file__).parents[1] / "torch"
_OURS = (
    str(Path(__file__).parent) + os.sep,
    *(
        str(_TORCH / f"{name}.py")
        for name in ("boundary", "calls", "functions", "interception", "mode", "own_code", "swap")
    ),
)
"""Files whose frames a person is not shown: they come between the script and torch."""


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.startswith(_OURS):
            while frames and _hands_over(frames[-1]):
                frames.pop()
        else:
            frames.append(trace)
        trace = trace.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _hands_over(trace: TracebackType) -> bool:
    """Whether a frame is one by which torch hands a call over to the interception."""
    name = trace.tb_frame.f_code.co_filename.replace(os.sep, "/")
    if name.endswith("torch/overrides.py"):
        return True
    summary = traceback.extract_tb(trace, limit=1)
    return "torch/" in name and bool(summary) and "handle_torch_function" in (summary[0].line or "")


def _leave_child(status: int) -> None:
    """End a process that the script forked, as it would have ended without us."""
    try:
        atexit._run_exitfuncs()
    finally:
        _flush()
        os._exit(status & 0xFF)
