"""Files that appear whole or not at all.

For the report layer: a page is written beside its target and then put in its place, so that a
reader (or a Ctrl-C) never meets half of one. What is written is left to `rectifier.report.page`.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from rectifier.errors import OutputError


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Find out before the work is done that its result has a place to go.

    Nothing is created or changed.

    Args:
        path: The file that shall be written; it may exist.

    Returns:
        The path with links resolved, so that a link stays a link when its target is replaced.

    Raises:
        OutputError: It is a folder, its folder is missing, or either cannot be written to.
    """
    if not os.fspath(path):
        raise OutputError(
            "expected the name of a file to write, got an empty one; give a file name"
        )
    try:
        target = Path(path).resolve()
        if target.is_dir():
            raise OutputError(
                f"expected a file to write, got the folder {path}; add a file name to it"
            )
        if not target.parent.is_dir():
            raise OutputError(
                f"cannot write {path}: the folder {target.parent} does not exist; "
                "create it or choose another place"
            )
        _try(target)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, OutputError):
            raise
        raise _unusable(path, error) from error
    return target


def _try(target: Path) -> None:
    """Open the file for writing, or one without a name in its folder; leaves nothing behind.

    Permission bits alone do not tell: root may "write" to folders of /proc, and nobody to a
    read-only file system.

    Raises:
        OSError: It cannot be written.
    """
    if target.is_file():
        with target.open("ab"):
            pass
    elif not target.exists():
        with tempfile.TemporaryFile(dir=target.parent):
            pass


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file as UTF-8, whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, whole or not at all; an existing one is replaced.

    Args:
        path: The file. Devices and pipes (``/dev/stdout``) are written to, never replaced.
        data: All of its content.

    Raises:
        OutputError: The place is unusable; what was there before is still there.
    """
    target = check_writable(path)
    try:
        special = target.exists() and not target.is_file()
        if special or not os.access(target.parent, os.W_OK):
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise _unusable(path, error) from error


def _replace(target: Path, data: bytes) -> None:
    """Write beside the target, then take its place."""
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=".rectifier-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    """The permissions that this process withholds; they can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _unusable(path: str | os.PathLike[str], error: BaseException) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"cannot write {path}: {reason}; choose another place")
