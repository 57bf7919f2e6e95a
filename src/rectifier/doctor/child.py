"""Starting a script in a process of its own: what it prints is passed on and kept.

Layer: doctor; standard library only. Several runs of one script get the same standard input: what
the first one was given is replayed to the next. What the process does is `rectifier.doctor.rerun`.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

Echo = Callable[[str, bool], None]
"""Is given each piece of output, and whether it came on standard error."""

PATIENCE = 20.0
"""Seconds that an interrupted script gets to finish by itself."""


class Input:
    """The standard input of this process, for as many children as ask for it.

    A terminal is handed on as it is. Anything else is read, no faster than it comes, and kept, so
    that each child gets it from its beginning.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = _standard_input() if descriptor is None else descriptor
        self._kept: list[bytes] = []
        self._ended = False
        self._news = threading.Condition()
        self._reading = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person may be typing."""
        return self._descriptor >= 0 and os.isatty(self._descriptor)

    def feed(self, pipe: IO[bytes]) -> None:
        """Write all of it to a child, in the background, from the beginning."""
        with self._news:
            if not self._reading:
                self._reading = True
                threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._write, args=(pipe,), daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._descriptor, 65536) if self._descriptor >= 0 else b""
            except OSError:
                piece = b""
            with self._news:
                if piece:
                    self._kept.append(piece)
                else:
                    self._ended = True
                self._news.notify_all()
            if not piece:
                return

    def _write(self, pipe: IO[bytes]) -> None:
        place = 0
        with contextlib.suppress(OSError, ValueError), pipe:
            while True:
                with self._news:
                    while len(self._kept) == place and not self._ended:
                        self._news.wait()
                    pieces = self._kept[place:]
                    place += len(pieces)
                    ended = self._ended and place == len(self._kept)
                for piece in pieces:
                    pipe.write(piece)
                pipe.flush()
                if ended:
                    return


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return -1


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        status: Exit status, 128 + n for signal n. ``output``: what it printed, on both streams.
        interrupted: The user pressed Ctrl-C meanwhile.
    """

    status: int
    output: str
    interrupted: bool


def run(command: Sequence[str], given: Input, echo: Echo) -> Ended:
    """Run a command to its end.

    Args:
        command: The command and its arguments.
        given: Its standard input.
        echo: Is given its output as it comes.

    Returns:
        How it ended. Ctrl-C reaches the child too and is waited for; it does not raise.
    """
    with _presses() as pressed:
        process = subprocess.Popen(
            command,
            stdin=None if given.is_terminal else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        if process.stdin is not None:
            given.feed(process.stdin)
        kept: list[str] = []
        guard = threading.Lock()

        def drain(stream: IO[bytes], is_error: bool) -> None:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            with stream:
                for piece in iter(lambda: os.read(stream.fileno(), 65536), b""):
                    text = decoder.decode(piece)
                    with guard:
                        kept.append(text)
                        echo(text, is_error)

        streams = ((process.stdout, False), (process.stderr, True))
        threads = [
            threading.Thread(target=drain, args=(stream, is_error), daemon=True)
            for stream, is_error in streams
        ]
        for thread in threads:
            thread.start()
        _wait(process, pressed)
        for thread in threads:
            thread.join(timeout=5.0)  # a grandchild may hold the pipe open beyond the script's end
    status = process.returncode
    with guard:
        return Ended(128 - status if status < 0 else status, "".join(kept), pressed.is_set())


@contextlib.contextmanager
def _presses() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which does not raise meanwhile: at no point could it be caught for sure."""
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield pressed
        return
    signal.signal(signal.SIGINT, lambda number, frame: pressed.set())
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def _wait(process: subprocess.Popen[bytes], pressed: threading.Event) -> None:
    """Wait for the end; after Ctrl-C give the child time, then press on."""
    while not pressed.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            return
    steps: tuple[tuple[float, Callable[[], None]], ...] = (
        (2.0, lambda: process.send_signal(signal.SIGINT)),
        (PATIENCE, process.terminate),
        (5.0, process.kill),
    )
    for seconds, press in steps:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
        press()
    process.wait()
