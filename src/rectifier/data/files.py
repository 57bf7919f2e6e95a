"""Data that lie on disk: where they are looked for, and how they are fetched.

Layer: data, no framework. Nothing is ever downloaded unasked: a task whose files are missing says
by which command they come, or which Debian package has them. What is fetched is checked against
the digest that its publisher gives before it is put in its place.
"""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rectifier.errors import InvalidInputError, OutputError


@dataclass(frozen=True)
class Remote:
    """One file that can be fetched.

    Attributes:
        name: As it is called on disk. ``url``: where it comes from.
        digest: ``md5:`` or ``sha256:`` and the publisher's digest, in hexadecimal.
        size: In bytes, about.
    """

    name: str
    url: str
    digest: str
    size: int


@dataclass(frozen=True)
class Collection:
    """The files of one data set.

    Attributes:
        name: Of its folder. ``files``: all that are needed.
        licence: Under which terms its publisher gives it.
        debian: Package that has them, with the folder it puts them in; empty: none.
        folder: That folder.
    """

    name: str
    files: tuple[Remote, ...]
    licence: str
    debian: str = ""
    folder: str = ""

    def find(self) -> Path | None:
        """The first folder that has all files, or None."""
        for folder in self.places():
            if all((folder / file.name).is_file() for file in self.files):
                return folder
        return None

    def places(self) -> tuple[Path, ...]:
        """Where the files are looked for, in this order."""
        own = [home() / self.name]
        return tuple([*own, Path(self.folder)] if self.folder else own)

    def require(self) -> Path:
        """The folder with all files.

        Raises:
            InvalidInputError: They are nowhere; says how to get them.
        """
        found = self.find()
        if found is not None:
            return found
        ways = [f"fetch them by 'rectifier data {self.name}'"]
        if self.debian:
            ways.append(f"install the Debian package {self.debian}")
        names = ", ".join(file.name for file in self.files)
        ways.append(f"put {names} into {home() / self.name}")
        raise InvalidInputError(
            f"the files of {self.name} are not on this machine; {', '.join(ways[:-1])}, or "
            f"{ways[-1]} (another folder: set RECTIFIER_DATA)"
        )

    def fetch(
        self, told: Callable[[str], None], opened: Callable[..., object] | None = None
    ) -> Path:
        """Download what is missing into the own folder, each file checked before it is kept.

        Args:
            told: Hears of each file.
            opened: In place of ``urllib.request.urlopen``.

        Returns:
            The folder.

        Raises:
            OutputError: A file cannot be fetched or written.
            InvalidInputError: What came is not what its publisher published.
        """
        folder = home() / self.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"the folder {folder} cannot be made ({error.strerror})") from error
        for file in self.files:
            target = folder / file.name
            if not target.is_file():
                told(f"fetching {file.url} ({file.size / 1e6:.1f} MB)")
                _fetch(file, target, opened or urllib.request.urlopen)
        return folder


def home() -> Path:
    """The folder for fetched data: ``RECTIFIER_DATA``, or ``rectifier`` in the user's cache."""
    own = os.environ.get("RECTIFIER_DATA")
    if own:
        return Path(own).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "rectifier"


def _fetch(file: Remote, target: Path, opened: Callable[..., object]) -> None:
    method, _, wanted = file.digest.partition(":")
    digest = hashlib.new(method, usedforsecurity=False)
    part = target.with_name(target.name + ".part")
    try:
        with opened(file.url, timeout=60) as source, part.open("wb") as sink:  # type: ignore[attr-defined]
            while block := source.read(1 << 20):
                digest.update(block)
                sink.write(block)
    except OSError as error:
        part.unlink(missing_ok=True)
        why = getattr(error, "reason", error)  # of an error of urllib, without its wrapping
        raise OutputError(
            f"{file.url} cannot be fetched ({why}); fetch it by other means and put it at {target}"
        ) from error
    if digest.hexdigest() != wanted:
        part.unlink()
        raise InvalidInputError(
            f"what came from {file.url} has the {method} digest {digest.hexdigest()}, not the "
            f"published {wanted}; it was not kept"
        )
    part.replace(target)
