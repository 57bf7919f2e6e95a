"""Every activation of the catalog as a Keras layer: ``Mish()``, ``activation("swish")``.

Layer: Keras front end, on `rectifier.keras.functions`. A parameter that the catalog calls learnable
is a weight, shared or one per channel. The classes are made from the catalog, all at once, so that
a saved model finds its own; arithmetic is left to the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import keras
from keras import ops

from rectifier import catalog
from rectifier.activation import Activation, check_flag
from rectifier.errors import InvalidActivationError, InvalidInputError
from rectifier.keras import wide
from rectifier.keras.definition import describe, is_listed, restore
from rectifier.keras.functions import PACKAGE, Function

Choice = Any
"""A regulariser or constraint as Keras takes it, or a mapping of these by parameter name."""


@keras.saving.register_keras_serializable(PACKAGE)
class ActivationLayer(keras.layers.Layer):
    """Base of all layers of this front end, and the layer of an activation that a user defined.

    The parameters are kept and computed in fp32, or in the policy's variable type, also under a
    mixed precision policy; the output has the policy's compute type.

    Args:
        activation: A name, an `Activation`, or a description from a saved model; left out for the
            classes of the catalog.
        learnable: Whether the learnable parameters are weights; False makes them plain numbers.
        sharing: ``"shared"`` for one value of a learnable parameter in the layer, ``"channel"`` for
            one per channel, ``"unit"`` for one per unit; None for what the definition says.
        axis: The axis of the channels; None for the last, or axis 1 where
            ``keras.config.image_data_format()`` is ``"channels_first"`` and there are windows.
        regularizer: What ``add_weight`` takes, for all learnable parameters or by name.
        constraint: The same.
        **options: Values of the parameters by name, for a learnable one where training starts; and
            what every Keras layer takes, such as ``name`` and ``dtype``.

    Raises:
        InvalidActivationError: There is no such parameter, or a value is out of its bounds.

    Example:
        >>> from rectifier.keras import PReLU
        >>> layer = PReLU()
        >>> layer.build((None, 64))
        >>> layer.weights[0].shape
        (64,)
    """

    spec: ClassVar[Activation | None] = None

    def __init__(
        self,
        activation: Any = None,
        *,
        learnable: bool = True,
        sharing: Literal["shared", "channel", "unit"] | None = None,
        axis: int | None = None,
        regularizer: Choice = None,
        constraint: Choice = None,
        **options: Any,
    ) -> None:
        spec = _definition(type(self).spec, activation, type(self).__name__)
        given = {name: options.pop(name) for name in spec.params if name in options}
        super().__init__(**options)
        if sharing not in (None, "shared", "channel", "unit"):
            raise InvalidActivationError(
                f"sharing must be 'shared', 'channel', 'unit' or None, got {sharing!r}."
            )
        self.function = Function(spec, **given)
        switched = check_flag(type(self).__name__, "learnable", learnable)
        self.learned = spec.learnable if switched else ()
        self.sharing = sharing
        self.axis = axis
        self.regularizers = _by_name(self.learned, regularizer, keras.regularizers.get)
        self.constraints = _by_name(self.learned, constraint, keras.constraints.get)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights.

        Args:
            input_shape: The shape of the input; its channels must be known where they count.
        """
        for name in self.learned:
            sharing = self.sharing or self.function.activation.params[name].sharing
            shape: tuple[int, ...] = ()
            if sharing == "unit":
                shape = self._units(name, input_shape)
            elif sharing == "channel":
                shape = (self._channels(name, input_shape),)
            weight = self.add_weight(
                name=name,
                shape=shape,
                initializer=keras.initializers.Constant(self._start(name)),
                regularizer=self.regularizers[name],
                constraint=self.constraints[name],
                autocast=False,
            )
            setattr(self, name, weight)
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Apply the activation.

        Args:
            inputs: A tensor of any shape.

        Returns:
            A tensor of the same shape.
        """
        learned = {name: self._laid_out(getattr(self, name), inputs) for name in self.learned}
        return self.function(inputs, **learned)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model needs to make this layer again, as plain data."""
        config: dict[str, Any] = super().get_config()
        if type(self).spec is None:
            config["activation"] = describe(self.function.activation)
        config |= {
            "learnable": bool(self.learned) or not self.function.activation.learnable,
            "sharing": self.sharing,
            "axis": self.axis,
            "regularizer": _written(self.regularizers, keras.regularizers.serialize),
            "constraint": _written(self.constraints, keras.constraints.serialize),
        }
        return config | self.function.parameters

    def _start(self, name: str) -> float:
        """Return where learning starts; a number beyond float16 is held at its largest there."""
        number = self.function.parameters[name]
        return max(-65504.0, min(number, 65504.0)) if self.variable_dtype == "float16" else number

    def _axis(self, rank: int) -> int:
        if self.axis is None:
            first = keras.config.image_data_format() == "channels_first" and rank > 2
            return 1 if first else rank - 1
        if not -rank < self.axis < rank or self.axis == 0:
            raise InvalidInputError(
                f"{self.name}: the axis of the channels is {self.axis}, which an input of {rank} "
                "dimensions does not have beside the batch."
            )
        return self.axis % rank

    def _channels(self, name: str, shape: tuple[int | None, ...]) -> int:
        size = shape[self._axis(len(shape))] if len(shape) > 1 else None
        if size is None:
            raise InvalidInputError(
                f"{self.name}: {name!r} has one value per channel, so the number of channels must "
                f"be known; got an input of shape {tuple(shape)}. Use sharing='shared' or axis=."
            )
        return size

    def _units(self, name: str, shape: tuple[int | None, ...]) -> tuple[int, ...]:
        units = tuple(size for size in shape[1:] if size is not None)
        if not units or len(units) < len(shape) - 1:
            raise InvalidInputError(
                f"{self.name}: {name!r} has one value per unit, so all sizes but the batch must be "
                f"known; got an input of shape {tuple(shape)}."
            )
        return units

    def _laid_out(self, weight: Any, inputs: Any) -> Any:
        value = ops.convert_to_tensor(weight)
        if self.sharing == "unit":
            return value
        after = len(inputs.shape) - 1 - self._axis(len(inputs.shape)) if value.shape else 0
        return ops.reshape(value, (-1, *[1] * after)) if after else value


def activation(activation: str | Activation, /, **options: Any) -> keras.layers.Layer:
    """Return a new layer for an activation.

    Args:
        activation: A name or alias of the catalog, of a gated unit or a row-wise function, or an
            `Activation`, such as `rectifier.define` makes.
        **options: As for `ActivationLayer`.

    Returns:
        An instance of the class of that name, such as `Mish`; for an activation that is not in the
        catalog an `ActivationLayer`.

    Raises:
        UnknownNameError: No activation has this name; the message lists the nearest ones.
        InvalidActivationError: There is no such parameter, or a value is out of its bounds.
    """
    kind = wide.find(activation)
    if kind is not None:
        return kind(**options)
    spec = catalog.get(activation)
    if is_listed(spec):
        return CLASSES[spec.class_name](**options)
    return ActivationLayer(spec, **options)


def _definition(own: Activation | None, given: Any, kind: str) -> Activation:
    """Return the activation of a layer after checking that it fits into one."""
    if (own is None) == (given is None):
        raise InvalidActivationError(
            f"{kind} needs an activation; use rectifier.keras.activation(name)."
            if own is None
            else f"{kind} takes its parameters by name, got {given!r}."
        )
    spec = restore(given) if own is None else own
    clash = {name for name in spec.params if name in _TAKEN or hasattr(ActivationLayer, name)}
    if clash:
        raise InvalidActivationError(
            f"activation {spec.name!r} has a parameter named {', '.join(sorted(clash))}, which a "
            "Keras layer needs for itself; give it another name."
        )
    return spec


_TAKEN = frozenset(
    {"activation", "learnable", "sharing", "axis", "regularizer", "constraint", "function"}
    | {"learned", "regularizers", "constraints", "activity_regularizer", "autocast", "trainable"}
    | {"built", "supports_masking", "input_dim", "input_shape"}
)
"""What neither an argument nor an attribute of a parameter's name may be taken for."""


def _by_name(names: tuple[str, ...], given: Choice, get: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Return a regulariser or constraint for each learnable parameter."""
    mapped = isinstance(given, Mapping) and "class_name" not in given
    if mapped and (strangers := set(given) - set(names)):
        raise InvalidActivationError(
            f"a regulariser or constraint was given for {', '.join(sorted(strangers))}; "
            f"the learnable parameters are {', '.join(names) or 'none'}."
        )
    return {name: get(given.get(name) if mapped else given) for name in names}


def _written(choices: Mapping[str, Any], serialize: Callable[[Any], Any]) -> Any:
    """Return choices as plain data; None where there are none."""
    found = {name: serialize(each) for name, each in choices.items() if each is not None}
    return found or None


def _document(spec: Activation) -> str:
    text = f"{spec.summary or spec.name}\n\n    f(x) = {spec.formula}\n\nArgs:\n"
    for name, param in spec.params.items():
        kind = "where learning starts" if param.learnable else "a number"
        about = f"{param.description}; " if param.description else ""
        text += f"    {name}: {about}{kind}, default {param.default:g}.\n"
    return f"{text}    **options: As for `ActivationLayer`.\n\nSource: {spec.source}"


def _class(spec: Activation) -> type[ActivationLayer]:
    made = type(
        spec.class_name,
        (ActivationLayer,),
        {
            "spec": spec,
            "__module__": __name__,
            "__qualname__": spec.class_name,
            "__doc__": _document(spec),
        },
    )
    keras.saving.register_keras_serializable(PACKAGE)(made)
    return made


CLASSES: Mapping[str, type] = {
    **{spec.class_name: _class(spec) for spec in catalog.all_activations()},
    **wide.CLASSES,
}
"""The layer class of every activation, gated unit and row-wise function, by its name."""


def __getattr__(name: str) -> type:
    if name in CLASSES:
        return CLASSES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({"ActivationLayer", "activation", *CLASSES})
