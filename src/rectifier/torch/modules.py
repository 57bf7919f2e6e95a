"""Every activation of the catalog as a module: ``Mish()``, ``PReLU(64)``, ``activation("swish")``.

Layer: torch front end. The classes are made from the catalog when they are first asked for; what
they do is in `rectifier.torch.elementwise_modules`, `rectifier.torch.random_modules`,
`rectifier.torch.gated_modules` and `rectifier.torch.rowwise_modules`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import UnknownNameError
from rectifier.torch.elementwise_modules import ActivationModule
from rectifier.torch.gated_modules import GatedModule, gated_class
from rectifier.torch.random_modules import RANDOM
from rectifier.torch.rowwise_modules import RowwiseModule, rowwise_class

__all__ = ["ActivationModule", "GatedModule", "RowwiseModule", "activation", "class_names"]


def activation(
    name: str | Activation,
    *args: Any,
    compile: bool | str | Callable[..., Any] = False,
    **options: Any,
) -> nn.Module:
    """Return a new module for an activation.

    A formula of your own is computed operation by operation; ``compile=True`` has torch.compile
    make one pass of it when it is called first, which takes some seconds then.

    Args:
        name: A name or alias of the catalog, of a gated unit or a row-wise function, or an
            `Activation`, such as `rectifier.define` makes.
        *args: As for the module's class.
        compile: Whether to have torch.compile compile the module, or which of its backends shall:
            a name or a function.
        **options: As for the module's class: parameters, ``inplace``, ``path``, ….

    Returns:
        An instance of the class of that name, such as `Mish`; for an activation that is not in the
        catalog an `ActivationModule`.

    Raises:
        UnknownNameError: No activation has this name; the message lists the nearest ones.
        InvalidActivationError: There is no such parameter, or a value is out of its bounds.
    """
    made = _made(name, args, options)
    if compile is not False:
        made.compile(backend="inductor" if compile is True else compile)
    return made


def _made(name: str | Activation, args: tuple[Any, ...], options: dict[str, Any]) -> nn.Module:
    for find in (gated_class, rowwise_class) if isinstance(name, str) else ():
        with contextlib.suppress(UnknownNameError):
            kind: type[nn.Module] = find(name)
            return kind(*args, **options)
    spec = catalog.get(name)
    if _is_listed(spec):
        return _class(spec)(*args, **options)
    return ActivationModule(*args, activation=spec, **options)


def class_names() -> tuple[str, ...]:
    """Return the names of the module classes of the whole catalog."""
    return tuple(sorted(_classes()))


@functools.cache
def _classes() -> Mapping[str, Callable[[], type[nn.Module]]]:
    """Return what makes each class, by the name of the class."""
    return {
        **{s.class_name: functools.partial(_class, s) for s in catalog.all_activations()},
        **{
            catalog.gated(name).class_name: functools.partial(gated_class, name)
            for name in catalog.gated_names()
        },
        **{
            catalog.rowwise(name).class_name: functools.partial(rowwise_class, name)
            for name in catalog.rowwise_names()
        },
    }


@functools.cache
def _class(spec: Activation) -> type[ActivationModule]:
    return type(
        spec.class_name,
        (RANDOM.get(spec.name, ActivationModule),),
        {
            "spec": spec,
            "__module__": __name__,
            "__qualname__": spec.class_name,
            "__doc__": _document(spec),
        },
    )


def _document(spec: Activation) -> str:
    text = f"{spec.summary or spec.name}\n\n    f(x) = {spec.formula}\n\nArgs:\n"
    for name, param in spec.params.items():
        kind = "where learning starts" if param.learnable else "a number"
        about = f"{param.description}; " if param.description else ""
        text += f"    {name}: {about}{kind}, default {param.default:g}.\n"
    return f"{text}    **options: As for `ActivationModule`.\n\nSource: {spec.source}"


def _is_listed(spec: Activation) -> bool:
    try:
        return catalog.get(spec.name) == spec
    except UnknownNameError:
        return False


def __getattr__(name: str) -> Any:
    if name[:1].isupper() and name in _classes():
        return _classes()[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(
        {"ActivationModule", "GatedModule", "RowwiseModule", "activation", *class_names()}
    )
