"""A missing optional package becomes one helpful sentence, here only.

For all layers. ``require("torch", extra="torch")`` returns the module or raises
`MissingPackageError` with the exact install command.
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from rectifier.errors import MissingPackageError


def require(module: str, *, extra: str, purpose: str = "this feature") -> ModuleType:
    """Import an optional package or say how to install it.

    Args:
        module: Dotted name of the module to import.
        extra: The extra of rectifier that brings the package.
        purpose: What the package is needed for, as it should read in the message.

    Returns:
        The imported module.

    Raises:
        MissingPackageError: The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        raise _missing(top, extra, purpose) from error


def expect(module: str, *, extra: str, purpose: str = "this feature") -> None:
    """Say how to install a top-level package that is not there, without importing it if it is.

    Raises:
        MissingPackageError: The package is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise _missing(module, extra, purpose)


def _missing(package: str, extra: str, purpose: str) -> MissingPackageError:
    return MissingPackageError(
        f"{purpose} needs the package {package!r}, which is not installed; "
        f"install it with: pip install 'rectifier[{extra}]'"
    )
