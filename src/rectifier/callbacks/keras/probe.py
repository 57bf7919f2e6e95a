"""One batch run beside the training, with gradients of what passes each activation.

For `rectifier.callbacks.keras`. A zero is added before and behind each activation, and the loss is
differentiated with respect to these zeros and the weights: the only thing in which the backends
differ is how a gradient is asked for. All of it goes by Keras's stateless calls, so that the
model's weights, its moving averages and its random state stay as they are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rectifier.callbacks.keras.taps import Place, Taps, tapped

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Batch:
    """What one batch gave; arrays on the host, one for each application of an activation.

    Attributes:
        loss: Of the batch.
        places: Of the applications. ``layers``: those with weights, by path, in forward order.
        inputs, outputs: Of the activations.
        input_gradients, output_gradients: Of the loss with respect to these.
        weights, weight_gradients: Of the model's trainable variables, before the step.
        blind: Paths of the recurrent layers, whose own activations are not seen.
    """

    loss: float
    places: list[Place]
    layers: dict[str, Any]
    inputs: Arrays
    outputs: Arrays
    input_gradients: Arrays
    output_gradients: Arrays
    weights: Arrays
    weight_gradients: Arrays
    blind: list[str] = field(default_factory=list)


class Probe:
    """Runs batches of a compiled Keras model beside its training.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._taps = Taps()
        self._jitted: Callable[..., Any] | None = None

    def run(
        self, trainable: Sequence[Any], other: Sequence[Any], metrics: Sequence[Any], data: Any
    ) -> Batch:
        """Run a batch.

        Args:
            trainable: Values of the model's trainable variables.
            other: Values of its non-trainable variables.
            metrics: Values of its metrics' variables.
            data: A batch as the training gets it.
        """
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        backend = keras.backend.backend()
        run = {"jax": self._jax, "tensorflow": self._tensorflow, "torch": self._torch}[backend]
        still = list(other), list(metrics)
        loss, inputs, outputs, gradients, probed = run(list(trainable), still, x, y, weight)
        values = [_host(value) for value in trainable]
        given = [
            np.zeros_like(value) if gradient is None else _host(gradient)
            for gradient, value in zip(gradients, values, strict=True)
        ]
        inputs, outputs = [_host(v) for v in inputs], [_host(v) for v in outputs]
        shapes = [z for pair in zip(inputs, outputs, strict=True) for z in pair]
        flowing = [
            np.zeros_like(like) if gradient is None else _host(gradient)
            for gradient, like in zip(probed, shapes, strict=True)
        ]
        taps = self._taps
        return Batch(
            *(float(_host(loss)), taps.places, taps.layers, inputs, outputs),
            *(flowing[::2], flowing[1::2], values, given, taps.blind),
        )

    def _forward(
        self, trainable: Any, probes: Any, still: Any, x: Any, y: Any, weight: Any
    ) -> tuple[Any, Taps]:
        """The loss as the training computes it, and what passed the taps."""
        model, (other, metrics) = self._model, still
        taps = Taps(model, probes)
        options = {"training": True} if model._call_has_training_arg else {}
        with tapped(taps):
            predicted, _, losses = model.stateless_call(
                trainable, other, x, return_losses=True, **options
            )
        # As Keras's own trainer does: losses of layers belong to the call that made them.
        model._losses_override.clear()
        model._losses_override = losses or []
        try:
            loss, _ = model.stateless_compute_loss(
                *(trainable, other, metrics),
                x=x,
                y=y,
                y_pred=predicted,
                sample_weight=weight,
                training=True,
            )
        finally:
            model._losses_override = []
        self._taps = taps
        return loss, taps

    def _jax(self, trainable: Any, still: Any, x: Any, y: Any, weight: Any) -> Any:
        import jax
        import jax.numpy as jnp

        def passing(trainable: Any, probes: Any, *rest: Any) -> Any:
            loss, taps = self._forward(trainable, probes, *rest)
            return loss, (taps.inputs, taps.outputs)

        def both(trainable: Any, *rest: Any) -> Any:
            _, (inputs, outputs) = jax.eval_shape(passing, trainable, None, *rest)
            shapes = [z for pair in zip(inputs, outputs, strict=True) for z in pair]
            zeros = [jnp.zeros(z.shape, z.dtype) for z in shapes]
            run = jax.value_and_grad(passing, argnums=(0, 1), has_aux=True)
            (loss, (inputs, outputs)), (gradients, probed) = run(trainable, zeros, *rest)
            return loss, inputs, outputs, gradients, probed

        if self._jitted is None:
            self._jitted = jax.jit(both)
        return self._jitted(trainable, still, x, y, weight)

    def _tensorflow(self, trainable: Any, still: Any, x: Any, y: Any, weight: Any) -> Any:
        tf: Any = importlib.import_module("tensorflow")

        trainable = [tf.convert_to_tensor(value) for value in trainable]
        still = [[tf.convert_to_tensor(value) for value in part] for part in still]
        _, taps = self._forward(trainable, None, still, x, y, weight)
        zeros = [
            tf.zeros_like(z) for pair in zip(taps.inputs, taps.outputs, strict=True) for z in pair
        ]
        with tf.GradientTape() as tape:
            tape.watch([*trainable, *zeros])
            loss, taps = self._forward(trainable, zeros, still, x, y, weight)
        found = tape.gradient(loss, [*trainable, *zeros])
        found = [None if g is None else tf.convert_to_tensor(g) for g in found]
        count = len(trainable)
        return loss, taps.inputs, taps.outputs, found[:count], found[count:]

    def _torch(self, trainable: Any, still: Any, x: Any, y: Any, weight: Any) -> Any:
        import torch

        trainable = [value.detach().clone().requires_grad_() for value in trainable]
        still = [[value.detach().clone() for value in part] for part in still]
        with torch.no_grad():
            _, taps = self._forward(trainable, None, still, x, y, weight)
        zeros = [
            torch.zeros_like(z).requires_grad_()
            for pair in zip(taps.inputs, taps.outputs, strict=True)
            for z in pair
        ]
        loss, taps = self._forward(trainable, zeros, still, x, y, weight)
        found = torch.autograd.grad(loss, [*trainable, *zeros], allow_unused=True)
        count = len(trainable)
        return loss, taps.inputs, taps.outputs, found[:count], found[count:]


def _host(value: Any) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(keras.ops.convert_to_numpy(value))
    half = array.dtype.kind != "f" or array.dtype.itemsize < 4  # bfloat16 is of a kind of its own
    return array.astype(np.float32) if half else array
