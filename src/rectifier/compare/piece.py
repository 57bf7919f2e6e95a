"""A unit of work that is no trial of a comparison: a function, plain arguments, a plain result.

Layer: compare, no framework. Engines run pieces beside trials and the store keeps them in the same
table, under the hash of what determines them. So whatever is made of pieces can be interrupted,
killed, gone on with, merged and spread over a cluster as a comparison can. The ledger of claims is.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from rectifier.compare.trial import hash_of, package_version


@dataclass(frozen=True)
class Piece:
    """A call that is to be made somewhere.

    Attributes:
        module: Where the function is; a worker imports it.
        name: Of the function. It takes keyword arguments and returns what JSON can hold; the
            argument ``seed``, if it has one, also seeds what draws random numbers itself.
        arguments: Its arguments as JSON, keys sorted.
        code: Hash of the source that decides what comes out.
    """

    module: str
    name: str
    arguments: str
    code: str

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        arguments: Mapping[str, Any],
        *,
        needs: Sequence[str] = (),
    ) -> Piece:
        """The call of a function of a module.

        Args:
            function: Which.
            arguments: Plain values by name.
            needs: Names of modules and packages whose source decides the result, too, besides the
                module that the function is in.
        """
        text = json.dumps(dict(arguments), sort_keys=True, allow_nan=False)
        own = inspect.getsourcefile(function)
        if own is None:
            raise ModuleNotFoundError(
                f"the source of {function.__module__} cannot be found", name=function.__module__
            )
        return cls(function.__module__, function.__name__, text, source(own, tuple(needs)))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Plain values that determine the result, versions of the code included."""
        return {
            "function": f"{self.module}.{self.name}",
            "arguments": json.loads(self.arguments),
            "code": self.code,
            "rectifier": package_version("rectifier"),
            "torch": package_version("torch"),
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `identity`, in hexadecimal."""
        return hash_of(self.identity)

    def call(self) -> Any:
        """Make the call, in this process."""
        function: Callable[..., Any] = getattr(importlib.import_module(self.module), self.name)
        return function(**json.loads(self.arguments))


@cache
def source(file: str, needs: tuple[str, ...]) -> str:
    """Hash of a source file and of modules or whole packages, short. Line ends do not count."""
    digest = hashlib.sha256(_text(Path(file)))
    for each in needs:
        spec = importlib.util.find_spec(each)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the source of {each} cannot be found", name=each)
        origin = Path(spec.origin)
        whole = origin.name == "__init__.py"
        for part in sorted(origin.parent.glob("*.py")) if whole else [origin]:
            digest.update(_text(part))
    return digest.hexdigest()[:16]


def _text(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")
