"""Python programs run in copies of one process that has its imports behind it.

Layer: tests. Importing torch takes longer than most programs of the suite train. `run` does what
``subprocess.run([sys.executable, ...])`` would, but in a process that `multiprocessing`'s fork
server copies from one which imported torch and the like already; torch is set to one thread before.
The runs that ``rectifier repair`` starts for itself are copies too, of its own process.

A copy differs from a fresh interpreter in one thing that a program could notice: the modules are
there before it imports them. ``measure.py --cold`` does without.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

IMPORTED = [
    "torch", "torch.optim", "torch.utils.data", "torch.nn.utils.parametrizations", "torch.autograd",
    "sklearn.datasets", "sklearn.preprocessing", "sklearn.model_selection", "scipy.optimize",
    "rectifier.cli.run", "rectifier.cli.repair", "rectifier.doctor.rerun", "rectifier.torch.sites",
    "rectifier.watch.watcher", "rectifier.doctor.repair", "rectifier.report.terminal",
    "rectifier.doctor.remedies", "warm",
]  # fmt: skip
"""What the first process imports; one that is missing is left to the program."""


def run(arguments: Sequence[str], folder: Path, limit: float) -> tuple[int | None, str, str]:
    """Run ``python ARGUMENTS`` in a folder, with no input.

    Args:
        arguments: A script's name, or ``-m rectifier …``, or ``-m rectifier.doctor.rerun …``.
        folder: The working folder.
        limit: Seconds to wait.

    Returns:
        Exit status, None where it hung; what it printed; what it printed as errors.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    process = context.Process(target=_copy, args=(list(arguments), str(folder)))
    process.start()
    process.join(limit)
    status = process.exitcode
    if status is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
    texts = [(folder / name).read_text("utf-8", "replace") for name in ("stdout", "stderr")]
    return status, texts[0], texts[1]


def _copy(arguments: list[str], folder: str) -> None:
    """In the copy: stand in the folder with its own session and output, and become the program."""
    os.setsid()
    os.chdir(folder)
    files = [os.open(os.devnull, os.O_RDONLY)]
    files += [os.open(name, os.O_WRONLY | os.O_CREAT) for name in ("stdout", "stderr")]
    _become(arguments, files)


def _become(arguments: list[str], files: Sequence[int]) -> None:
    """Run a command of Python's with the given standard files and leave with its status."""
    status = 1
    try:
        for place, file in enumerate(files):
            os.dup2(file, place)
        sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
        sys.stderr = open(2, "w", closefd=False, buffering=1)
        for name in ("__mp_main__", "measure"):
            sys.modules.pop(name, None)
        status = _command(arguments)
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does at its top
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _command(arguments: list[str]) -> int:
    if arguments[0] != "-m":
        sys.argv, sys.path[0] = list(arguments), os.getcwd()
        runpy.run_path(arguments[0], run_name="__main__")
        return 0
    module, rest = arguments[1], arguments[2:]
    if module == "rectifier.doctor.rerun":
        from rectifier.doctor.rerun import main

        return main(rest)
    from rectifier.cli.main import run_command
    from rectifier.doctor import child

    spawn: Callable[..., Any] = Copy
    child.subprocess = SimpleNamespace(  # type: ignore[attr-defined]
        PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired, Popen=spawn
    )
    return run_command(rest)


class Copy:
    """What `rectifier.doctor.child` needs of ``subprocess.Popen``, in a copy of this process.

    Args:
        command: The interpreter's path and its arguments.
        stdin, stdout, stderr: ``subprocess.PIPE``, or None for the parent's.
        env: The environment.
    """

    def __init__(
        self,
        command: Sequence[str],
        stdin: int | None,
        stdout: int,
        stderr: int,
        env: Mapping[str, str],
    ) -> None:
        del stdout, stderr
        sys.stdout.flush()
        sys.stderr.flush()
        given, out, error = os.pipe(), os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.environ.update(env)
            for end in (given[1], out[0], error[0]):
                os.close(end)
            _become(list(command[1:]), (given[0] if stdin is not None else 0, out[1], error[1]))
        for end in (given[0], out[1], error[1]):
            os.close(end)
        self.stdin: IO[bytes] | None = os.fdopen(given[1], "wb")
        self.stdout, self.stderr = os.fdopen(out[0], "rb", 0), os.fdopen(error[0], "rb", 0)
        if stdin is None:
            self.stdin.close()
            self.stdin = None
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; raises subprocess.TimeoutExpired when it takes longer."""
        import time

        end = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG if end is not None else 0)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a copy", timeout or 0.0)
            else:
                time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)
