"""The command line: the top layer, which may use every other; nothing may use it.

`main` is the entry point. The commands live in one file each and are loaded only when asked for, so
that ``rectifier --help`` stays quick.
"""

from __future__ import annotations

import sys

from rectifier.errors import MissingPackageError
from rectifier.optional import require


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        require("click", extra="cli", purpose="the command 'rectifier'")
    except MissingPackageError as error:
        sys.exit(f"rectifier: {error}")
    from rectifier.cli.main import run_command

    sys.exit(run_command())
