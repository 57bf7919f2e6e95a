"""Measure what a network does while it trains.

`record` holds the numbers, `watcher` collects them, `script` runs a program under observation,
`sinks` hand the numbers on while it runs.
Nothing here judges: that is `rectifier.doctor`. Importing the package loads no framework.
"""

from __future__ import annotations

from rectifier.watch.options import WatchOptions
from rectifier.watch.processes import is_first_process
from rectifier.watch.script import ScriptRun, run_script

__all__ = ["ScriptRun", "WatchOptions", "is_first_process", "run_script"]
