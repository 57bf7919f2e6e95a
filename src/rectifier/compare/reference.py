"""Code of the user's, by reference: ``package.module:function`` or ``path/file.py:function``.

Layer: compare, no framework of its own; what is imported is the user's and may bring one. A script
that only defines what is asked for can be named without a function: the usual names are tried.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import importlib.util
import io
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from rectifier.errors import InvalidInputError

USUAL = {
    "model": ("build", "build_model", "make_model", "get_model", "model", "Model", "Net"),
    "data": ("load", "load_data", "make_data", "get_data", "data"),
}
"""Names tried where a reference has none."""


def resolve(reference: str, kind: str) -> Any:
    """What a reference names.

    Args:
        reference: ``package.module:name``, ``path/file.py:name``, or without a name.
        kind: ``model`` or ``data``: which usual names to try, and the word for messages.

    Raises:
        InvalidInputError: There is no such file, module or name, or importing it fails.
    """
    place, name = _parts(reference)
    module = _module(place, reference)
    if name:
        names: Sequence[str] = (name,)
    else:
        names = USUAL[kind]
    for each in names:
        if hasattr(module, each):
            return getattr(module, each)
    if name:
        known = [each for each in vars(module) if not each.startswith("_")]
        raise InvalidInputError(
            f"{place} has no {name!r} for --{kind}; it has {', '.join(sorted(known)) or 'nothing'}"
        )
    raise InvalidInputError(
        f"{place} has none of {', '.join(names)} for --{kind}; name the function: {place}:function"
    )


def _parts(reference: str) -> tuple[str, str]:
    place, colon, name = reference.rpartition(":")
    if not colon or "/" in name or "\\" in name:  # C:\file.py has a colon, too
        return reference, ""
    return place, name


def _file(place: str) -> Path | None:
    return Path(place) if place.endswith(".py") else None


def _module(place: str, reference: str) -> ModuleType:
    path = _file(place)
    if path is not None and not path.is_file():
        raise InvalidInputError(f"there is no file {place} (from {reference!r})")
    try:
        if path is None:
            _from_here()
            return importlib.import_module(place)
        return _load(path.resolve())
    except Exception as error:
        raise InvalidInputError(
            f"{place} cannot be imported: {type(error).__name__}: {error}"
        ) from error


def _from_here() -> None:
    """Let modules of the current folder be imported, as ``python -m`` does."""
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def _load(path: Path) -> ModuleType:
    """The module of a file, with its own folder to import from, as if it were run."""
    name = f"_rectifier_user_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def source_hash(reference: str) -> str:
    """Hash of the file that a reference names and of all files of the user's that it imports.

    Of what is installed and imported there the version counts, of Python's own library nothing.
    Line ends do not count either.
    """
    place, _ = _parts(reference)
    path = _file(place)
    if path is None:
        _from_here()
        try:
            spec = importlib.util.find_spec(place)
        except (ImportError, ValueError):
            spec = None
        if spec is None or spec.origin is None:
            raise InvalidInputError(f"there is no module {place} (from {reference!r})")
        path = Path(spec.origin)
    if not path.is_file():
        raise InvalidInputError(f"there is no file {place} (from {reference!r})")
    digest = hashlib.sha256()
    files = sorted(_closure(path.resolve()))
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    for package in _versions({name.partition(".")[0] for file in files for name in _imports(file)}):
        digest.update(package.encode())
    return digest.hexdigest()[:16]


def _versions(names: set[str]) -> list[str]:
    """The installed packages that these modules are of, each with its version."""
    owners = _owners()
    packages = {package for name in names for package in owners.get(name, ())}
    return sorted(f"{package} {metadata.version(package)}" for package in packages)


@cache
def _owners() -> Mapping[str, Sequence[str]]:
    return metadata.packages_distributions()


@contextmanager
def files_read() -> Iterator[set[Path]]:
    """Notes which files of the user's are opened to be read meanwhile, whoever opens them.

    What is installed, code, and what the system makes up (``/proc``) are left out.
    """
    found: set[Path] = set()
    real = builtins.open

    def noting(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
        if isinstance(file, str | bytes | os.PathLike) and not set(mode) & set("wax+"):
            found.add(Path(os.fsdecode(file)).resolve())
        return real(file, mode, *args, **named)

    # pathlib asks io for it, everybody else the builtins.
    builtins.open = io.open = noting
    try:
        yield found
    finally:
        builtins.open = io.open = real
    found -= {
        path
        for path in found
        if path.suffix in (".py", ".pyc")
        or path.parts[1:2] in (("proc",), ("sys",), ("dev",))
        or not path.is_file()
        or _installed(path)
    }


def hash_of_files(files: Iterable[Path]) -> str:
    """Hash of what is in files, whatever they are called."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _closure(start: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += _packages(path)
        for name in _imports(path):
            origin = _origin(name, path.parent)
            if origin is not None:
                waiting.append(origin)
    return found


def _imports(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base.rstrip('.')}.{alias.name}" for alias in node.names)


def _origin(name: str, folder: Path) -> Path | None:
    """The file of a module of the user's, found without importing it."""
    level = len(name) - len(name.lstrip("."))
    parts = [part for part in name.lstrip(".").split(".") if part]
    if level:
        roots = [folder.joinpath(*[".."] * (level - 1)).resolve()]
    else:
        roots = [folder, *(Path(entry or ".") for entry in sys.path)]
    for root in roots:
        base = root.joinpath(*parts) if parts else root
        for candidate in (base.with_suffix(".py") if parts else None, base / "__init__.py"):
            if candidate is not None and candidate.is_file():
                found = candidate.resolve()
                return None if _installed(found) else found
    return None


def _packages(path: Path) -> Iterator[Path]:
    """The ``__init__.py`` of the packages that a file lies in: they run when it is imported."""
    for folder in path.parents:
        if not (folder / "__init__.py").is_file():
            return
        yield folder / "__init__.py"


def _installed(path: Path) -> bool:
    fixed = [sysconfig.get_path("stdlib"), *site.getsitepackages(), site.getusersitepackages()]
    own = Path(__file__).resolve().parents[1]
    return any(
        path.is_relative_to(Path(place).resolve()) for place in [*fixed, str(own)] if place
    ) or ("site-packages" in path.parts)
