"""How long a user waits before anything happens: ``import rectifier`` and ``rectifier --help``.

Each command is a fresh process, run in turn with a bare ``python -c pass`` so that the machine's
speed drops out of the ratio. Prints medians in seconds and ratios to the bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import rectifier": [sys.executable, "-c", "import rectifier"],
    "rectifier --help": [sys.executable, "-m", "rectifier", "--help"],
    "rectifier list": [sys.executable, "-m", "rectifier", "list"],
}


def measure(runs: int) -> dict[str, float]:
    """Median wall seconds of each command, the commands taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(runs + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if run:  # the first round warms the caches
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each command")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    medians = measure(options.runs)
    if options.json:
        print(json.dumps(medians))
        return
    bare = medians["python -c pass"]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    for name, seconds in medians.items():
        print(f"{name:20} {seconds:6.3f} s   {seconds - bare:+6.3f} s over a bare interpreter")


if __name__ == "__main__":
    main()
