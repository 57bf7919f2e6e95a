"""What an activation is: one frozen record from which everything else is derived.

Layer: above expression, below the catalog (standard library only). `Activation` holds the formula,
its parameters and its source, and checks them when it is built. The collection of known activations
is left to `rectifier.catalog`, making one of a user's text to `rectifier.definition`, computing on
arrays to the front ends.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.expression import (
    Expr,
    differentiate,
    free_names,
    simplify,
    to_text,
)

Sharing = Literal["shared", "channel"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = frozenset({"x", "input", "pi", "out", "path", "inplace", "name", "self"})


@dataclass(frozen=True)
class Param:
    """A parameter of an activation.

    Args:
        default: Its value unless another is given; where training starts if it is learnable.
        low: Smallest value allowed, itself included; None for no bound.
        high: Largest value allowed, itself included; None for no bound.
        learnable: Whether training changes it.
        sharing: ``"shared"`` for one value per layer, ``"channel"`` for one per channel.
        weight_decay: Whether an optimiser's weight decay should pull on it, if it is learnable.
        description: What it does, in a few words.

    Raises:
        InvalidActivationError: A value is not finite, or the default lies outside the bounds.
    """

    default: float
    _: KW_ONLY
    low: float | None = None
    high: float | None = None
    learnable: bool = False
    sharing: Sharing = "shared"
    weight_decay: bool = True
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "default", _finite("the default of a parameter", self.default))
        for bound in ("low", "high"):
            value = getattr(self, bound)
            if value is not None:
                object.__setattr__(self, bound, _finite(f"the bound {bound!r}", value))
        if self.sharing not in ("shared", "channel"):
            raise InvalidActivationError(
                f"sharing must be 'shared' or 'channel', got {self.sharing!r}."
            )
        self.check("default", self.default)

    def check(self, name: str, value: Any) -> float:
        """Return a value for this parameter as a float after checking it.

        Args:
            name: What to call it in the message.
            value: A finite real number within the bounds.

        Raises:
            InvalidActivationError: The value is not such a number.
        """
        number = _finite(f"{name!r}", value)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= number <= high:
            raise InvalidActivationError(
                f"{name!r} must be between {low:g} and {high:g}, got {number:g}."
            )
        return number

    def __str__(self) -> str:
        """What it does, its default and bounds, and whether it is learned."""
        notes = [self.description] if self.description else []
        notes.append(f"default {self.default:g}")
        notes += [f"at least {self.low:g}"] if self.low is not None else []
        notes += [f"at most {self.high:g}"] if self.high is not None else []
        notes += ["learnable"] if self.learnable else []
        return ", ".join(notes)


@dataclass(frozen=True)
class Source:
    """Where an activation comes from.

    Args:
        authors: Who published it.
        title: The title of the work.
        year: The year of publication; None when nothing was published.
        url: Where it can be read.
        equation: Where in the work it is defined, in the work's own words or symbols.
        note: What a reader should know besides, such as an earlier origin.
    """

    authors: str
    title: str
    year: int | None
    url: str = ""
    equation: str = ""
    note: str = ""

    def __str__(self) -> str:
        year = "" if self.year is None else f" ({self.year})"
        text = f"{self.authors}{year}: {self.title}." if self.authors else f"{self.title}."
        return f"{text} {self.url}".rstrip()


_OWN = Source(authors="", title="defined by its user", year=None)


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation function as data.

    Args:
        name: Lower-case name, such as ``"leaky_relu"``.
        expression: The formula over ``x`` and the parameters.
        params: The parameters by name, in the order in which they are passed.
        family: The kind of function, such as ``"rectifiers"``.
        source: Where it comes from.
        aliases: Other names under which it is found.
        summary: One sentence on what it is.
        class_name: What its module classes are called; made from the name when it is left out.
        stable: A numerically better form of the same function, if the formula needs one.
        stable_derivative: The same for the derivative.
        differs: Where this definition differs from the source or from common libraries.

    Raises:
        InvalidActivationError: The parts do not fit together.
    """

    name: str
    expression: Expr
    params: Mapping[str, Param] = field(default_factory=dict)
    family: str = "own"
    source: Source = _OWN
    aliases: tuple[str, ...] = ()
    summary: str = ""
    class_name: str = ""
    stable: Expr | None = None
    stable_derivative: Expr | None = None
    differs: str = ""
    parameter_names: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))
        object.__setattr__(self, "parameter_names", tuple(self.params))
        object.__setattr__(self, "aliases", tuple(self.aliases))
        if not self.class_name:
            camel = "".join(part.capitalize() for part in self.name.split("_"))
            object.__setattr__(self, "class_name", camel)
        self._check()

    def _check(self) -> None:
        for label in (self.name, *self.aliases):
            if not isinstance(label, str) or not _NAME.fullmatch(label):
                raise InvalidActivationError(
                    "the name of an activation must be lower-case letters, digits and underscores "
                    f"and start with a letter, got {label!r}."
                )
        if not self.class_name.isidentifier():
            raise InvalidActivationError(f"{self.class_name!r} cannot name a class.")
        for name, param in self.params.items():
            if name in _RESERVED or not isinstance(param, Param):
                raise InvalidActivationError(
                    f"{name!r} of activation {self.name!r} must be a Param and not have one of the "
                    f"reserved names {', '.join(sorted(_RESERVED))}; got {param!r}."
                )
        allowed = {"x", *self.params}
        for part in ("expression", "stable", "stable_derivative"):
            expression = getattr(self, part)
            if expression is None and part != "expression":
                continue
            if not isinstance(expression, Expr):
                raise InvalidActivationError(
                    f"the {part} of activation {self.name!r} must be an expression; use "
                    f"rectifier.define to make one from text, got {expression!r}."
                )
            strangers = free_names(expression) - allowed
            if strangers:
                raise InvalidActivationError(
                    f"the {part} of activation {self.name!r} uses {', '.join(sorted(strangers))}, "
                    f"which is neither x nor one of its parameters ({_listed(self.params)})."
                )
        unused = set(self.params) - free_names(self.expression)
        if unused:
            raise InvalidActivationError(
                f"the formula of activation {self.name!r} does not use its parameters "
                f"{', '.join(sorted(unused))}."
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Activation):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.name, self.expression))

    def _key(self) -> tuple[Any, ...]:
        return (
            self.name,
            self.expression,
            dict(self.params),
            self.family,
            self.source,
            self.aliases,
            self.class_name,
            self.stable,
            self.stable_derivative,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (
            {
                "name": self.name,
                "expression": self.expression,
                "params": dict(self.params),
                "family": self.family,
                "source": self.source,
                "aliases": self.aliases,
                "summary": self.summary,
                "class_name": self.class_name,
                "stable": self.stable,
                "stable_derivative": self.stable_derivative,
                "differs": self.differs,
            },
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Activation:
        return self

    def __str__(self) -> str:
        return self.name

    @property
    def formula(self) -> str:
        """The formula as text."""
        return to_text(self.expression)

    @property
    def learnable(self) -> tuple[str, ...]:
        """Names of the parameters that training changes, in order."""
        return tuple(name for name, param in self.params.items() if param.learnable)

    @property
    def value_expression(self) -> Expr:
        """What to evaluate: the stable form where there is one, else the formula."""
        return self.expression if self.stable is None else self.stable

    @property
    def derivative_expression(self) -> Expr:
        """What to evaluate for the derivative by ``x``: the stable form where there is one."""
        return self.derivative() if self.stable_derivative is None else self.stable_derivative

    def derivative(self, order: int = 1) -> Expr:
        """Return the symbolic derivative of the formula by ``x``.

        Args:
            order: How often to differentiate; 0 gives the formula itself.

        Raises:
            InvalidActivationError: The order is not a whole number from 0 to 4.
        """
        if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= 4:
            raise InvalidActivationError(
                f"the order of a derivative must be a whole number from 0 to 4, got {order!r}."
            )
        return _derivative(self.expression, order)

    def parameter_derivative(self, name: str) -> Expr:
        """Return the symbolic derivative of the stable value by one of the parameters.

        Args:
            name: The parameter.

        Raises:
            UnknownNameError: There is no such parameter.
        """
        if name not in self.params:
            raise UnknownNameError(f"parameter of {self.name}", name, self.params)
        return simplify(differentiate(self.value_expression, name))

    def parameters(self, **given: Any) -> dict[str, float]:
        """Return the values of all parameters: those given, checked, and the defaults.

        Args:
            **given: Values by parameter name.

        Raises:
            InvalidActivationError: A name is not a parameter or a value is out of bounds.
        """
        for name in given:
            if name not in self.params:
                takes = f"it takes {_listed(self.params)}" if self.params else "it takes none"
                raise InvalidActivationError(
                    f"activation {self.name!r} has no parameter {name!r}; {takes}."
                )
        return {
            name: param.check(name, given[name]) if name in given else param.default
            for name, param in self.params.items()
        }

    def bind(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a call's parameters by name, unchecked, as Python binds arguments.

        Args:
            args: Those given by position, in the order of the definition.
            given: Those given by name.

        Raises:
            TypeError: There are too many, there is no such parameter, or one is given twice.
        """
        names = self.parameter_names  # the tracers of older frameworks cannot read `params`
        if len(args) > len(names):
            raise TypeError(
                f"{self.name}() takes the input and {len(names)} parameters "
                f"({_listed(self.params)}), got {len(args)} after the input."
            )
        bound: dict[str, Any] = dict(zip(names[: len(args)], args))  # noqa: B905  `strict` is unknown to them too
        for name, value in given.items():
            if name not in names:
                raise TypeError(
                    f"{self.name}() has no parameter {name!r}; "
                    f"its parameters are: {_listed(self.params)}."
                )
            if name in bound:
                raise TypeError(f"{self.name}() got the parameter {name!r} twice.")
            bound[name] = value
        return bound


@functools.lru_cache(maxsize=256)
def _derivative(expression: Expr, order: int) -> Expr:
    return simplify(expression) if order == 0 else differentiate(_derivative(expression, order - 1))


def _rebuild(fields: dict[str, Any]) -> Activation:
    return Activation(**fields)


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"


def broadcasts(own: Sequence[int], there: Sequence[int | None]) -> bool:
    """Whether a parameter's shape broadcasts to that of an input, without enlarging it.

    Args:
        own: Shape of the parameter.
        there: Shape of the input; None for a size that is not known yet, which fits all.
    """
    return len(own) <= len(there) and all(
        size == 1 or other is None or size == other
        for size, other in zip(own[::-1], there[::-1], strict=False)
    )


def check_flag(owner: str, option: str, value: Any) -> bool:
    """Return an option that is on or off after checking that it is True or False.

    Args:
        owner: What takes it, for the message.
        option: Its name.
        value: What was given.

    Raises:
        InvalidActivationError: It is something else, such as a number that was meant for a
            parameter.
    """
    if value is True or value is False:
        return bool(value)
    raise InvalidActivationError(f"{owner}: {option} must be True or False, got {value!r}.")


def _finite(what: str, value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool | str | bytes) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidActivationError(f"{what} must be a finite number, got {value!r}.")
    return number
