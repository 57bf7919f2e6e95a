"""The other end of ``engines/local.py``: a process that does the jobs sent to it.

Layer: compare. Jobs come as pickles on standard input, outcomes go back on standard output. Our
own protocol instead of ``multiprocessing``: that imports the user's script anew in every worker,
which runs a script without a ``__main__`` guard again, and to fork a process that has used torch's
threads can hang.

The process ends as soon as its input does, even in the middle of a trial, so it cannot outlive its
parent, however that ends. An interrupt from the keyboard is the parent's to handle.
"""

from __future__ import annotations

import os
import pickle
import queue
import shutil
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from rectifier.compare.job import Job
from rectifier.compare.shared import SharedData
from rectifier.data import Task


def main() -> None:
    """Read a `Task` and the folder of shared data, then jobs until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    # What a model or an activation may print must not get between the outcomes, nor may it read.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    task: Task
    task, folder = pickle.load(source)
    threading.Thread(target=_listen, args=(source, inbox, folder), daemon=True).start()

    from rectifier.compare.work import do  # seconds: torch

    load = SharedData(Path(folder), task.load)
    while True:
        job: Job = inbox.get()
        pickle.dump(do(job, load), sink)
        sink.flush()


def _listen(source: BinaryIO, inbox: queue.SimpleQueue[Any], folder: str) -> None:
    while True:
        try:
            inbox.put(pickle.load(source))
        except EOFError:
            # The engine is closing, or was killed and could not clear up.
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - said, then the process ends
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
