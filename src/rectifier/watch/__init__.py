"""Measure what a network does while it trains.

`record` holds the numbers, `watcher` collects them, `script` runs a program under observation.
Nothing here judges: that is `rectifier.doctor`. Importing the package loads no framework.
"""

from __future__ import annotations

from rectifier.watch.options import WatchOptions
from rectifier.watch.script import ScriptRun, run_script

__all__ = ["ScriptRun", "WatchOptions", "run_script"]
