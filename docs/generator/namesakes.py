"""Where a library's name gives another function than ours: each one run, with its defaults."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from rectifier import catalog
from rectifier.analysis import peers
from rectifier.numpy import function, gated, rowwise

POINTS = np.array([-7.0, -4.0, -2.5, -1.0, -0.4, -0.1, 0.0, 0.2, 0.6, 1.0, 1.75, 2.5, 4.0, 7.0])
"""An even number of them, so that gated units have halves."""
TOLERANCE = 1e-4
"""From here on a difference is not one of rounding; GELU and its tanh form are 5e-4 apart."""

NEEDED: dict[str, tuple[Any, ...]] = {"threshold": (1.0, 0.0), "prelu": (torch.tensor([0.25]),)}
"""What some functions want to be told; ours have these as defaults."""

Apply = Callable[[np.ndarray], np.ndarray]
Row = tuple[str, str, str, str, str, str]


def rows() -> tuple[list[Row], int, list[str]]:
    """Compare what is installed with ours.

    Returns:
        Library, name there, name here, input, their answer and ours where these differ; how many
        names were compared; and the libraries that could not be loaded.
    """
    found, compared, absent = [], 0, []
    for title, offered in LIBRARIES.items():
        try:
            theirs = dict(offered())
        except ImportError:
            absent.append(title)
            continue
        for name, apply in theirs.items():
            ours = peers.resolve(name)
            if ours:
                compared += 1
                found += _row(title, name, ours, apply)
    return found, compared, absent


def _row(title: str, name: str, ours: str, apply: Apply) -> list[Row]:
    got, expected = apply(POINTS), _ours(ours)(POINTS)
    if got.shape != expected.shape:
        return [(title, name, ours, "the grid", f"{got.size} numbers", f"{expected.size} numbers")]
    off = np.abs(got - expected)
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    if off[worst] <= TOLERANCE * max(1, abs(expected[worst])):
        return []
    alone = ours in catalog.names()
    at = f"{POINTS[worst]:g}" if alone else f"the grid, result {worst}"
    return [(title, name, ours, at, f"{got[worst]:.6g}", f"{expected[worst]:.6g}")]


def _ours(name: str) -> Apply:
    if name in catalog.gated_names():
        return gated(name)
    return function(name) if name in catalog.names() else rowwise(name)


def _on_tensors(f: Callable[..., Any], *more: Any) -> Apply:
    def apply(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found = f(torch.from_numpy(x).float(), *more)
        result: np.ndarray = found.double().numpy()
        return result

    return apply


def _torch_nn() -> Iterator[tuple[str, Apply]]:
    for name in _names("torch.nn"):
        made = getattr(torch.nn, name)(*(NEEDED["threshold"] if name == "Threshold" else ()))
        if hasattr(made, "dim"):
            made.dim = -1
        if name != "Softmax2d":  # of images alone
            yield name, _on_tensors(made.eval())


def _torch_functional() -> Iterator[tuple[str, Apply]]:
    for name in _names("torch.nn.functional"):
        more = (-1,) if "softm" in name else NEEDED.get(name, ())
        yield name, _on_tensors(getattr(torch.nn.functional, name), *more)


def _keras_activations() -> Iterator[tuple[str, Apply]]:
    import keras

    for name in _names("keras.activations"):
        yield name, _on_tensors(getattr(keras.activations, name), *NEEDED.get(name, ()))


def _keras_layers() -> Iterator[tuple[str, Apply]]:
    import keras

    for name in dir(keras.layers):
        if isinstance(getattr(keras.layers, name), type) and peers.resolve(name):
            layer = getattr(keras.layers, name)()

            def apply(x: torch.Tensor, layer: Any = layer) -> torch.Tensor:
                return layer(x[None])[0]  # its first dimension is the batch

            yield name, _on_tensors(apply)


def _jax_nn() -> Iterator[tuple[str, Apply]]:
    import jax

    for name in _names("jax.nn"):
        f = getattr(jax.nn, name)
        yield name, lambda x, f=f: np.asarray(f(jax.numpy.asarray(x, "float32")), np.float64)


def _timm() -> Iterator[tuple[str, Apply]]:
    create_act = importlib.import_module("timm.layers.create_act")
    for name in _names("timm"):
        yield name, _on_tensors(create_act.get_act_layer(name)().eval())


def _act2fn() -> Iterator[tuple[str, Apply]]:
    table = importlib.import_module("transformers.activations").ACT2FN
    for name in _names("HF ACT2FN"):
        yield name, _on_tensors(table[name].float())


LIBRARIES: dict[str, Callable[[], Iterator[tuple[str, Apply]]]] = {
    "torch.nn": _torch_nn,
    "torch.nn.functional": _torch_functional,
    "keras.activations": _keras_activations,
    "keras.layers": _keras_layers,
    "jax.nn": _jax_nn,
    "timm": _timm,
    "HF ACT2FN": _act2fn,
}
"""What each library offers, by its name there, as a function of an array."""


def _names(title: str) -> list[str]:
    (offer,) = (each for each in peers.offers() if each.title == title)
    if offer.why_not:
        raise ImportError(offer.why_not)
    return list(offer.names)
