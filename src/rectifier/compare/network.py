"""Builds the network of a trial: one of ours or the user's, with the arm's activation in it.

Layer: compare. The source of this file is part of every trial's hash. In a network of the user's
the activation is put at every hidden place, through `rectifier.torch.swap`, which finds function
calls too; a place is hidden if a layer with weights runs after it, so an output activation stays.
The layer that feeds a place is rescaled by the ratio of the two activations' gains, so that the
user's own scheme of initial weights is kept and the scale of the signal is, too.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier import analysis, catalog, models
from rectifier.compare.arm import Arm
from rectifier.compare.device import generators
from rectifier.compare.reference import resolve
from rectifier.compare.trial import Subject
from rectifier.errors import InvalidInputError, RectifierError, UnknownNameError
from rectifier.torch.layer_gains import measured_gain
from rectifier.torch.schemes import WEIGHTED
from rectifier.torch.sites import Interception, Layer, Observer, Site

_GATES = frozenset({"sigmoid", "hard_sigmoid", "tanh"})
"""Left alone by default where other activations are there: they mostly are gates."""


@dataclass(frozen=True)
class Shapes:
    """What a network has to fit.

    Attributes:
        sample: Shape of one sample. ``outputs``: numbers to give for a sample or a place.
        kind: What is learned (`rectifier.data.METRICS`).
    """

    sample: tuple[int, ...]
    outputs: int
    kind: str


def build(
    subject: Subject,
    arm: Arm,
    shapes: Shapes,
    seed: int,
    example: Tensor,
    *,
    on_equal_terms: bool = False,
) -> nn.Module:
    """A fresh network on the CPU.

    Args:
        subject: Which one.
        arm: What to put at its hidden places.
        shapes: What it has to fit.
        seed: Decides the initial weights.
        example: Two samples or more, to run it on.
        on_equal_terms: As for `place`.

    Returns:
        The network in training mode.

    Raises:
        InvalidInputError: The user's function fails, or gives no network that fits.
    """
    generator = torch.Generator().manual_seed(seed)
    if not subject.own:
        options = dict(subject.options)
        make = models.get(subject.name)
        first = math.prod(shapes.sample) if subject.name == "mlp" else shapes.sample
        direct = subject.name == "mlp" or len(arm.layers) == 1
        chosen: Any = arm.layers if subject.name == "mlp" else arm.layers[0]
        model = make(
            first,
            shapes.outputs,
            activation=chosen if direct else "relu",
            generator=generator,
            **options,
        )
        if not direct:
            place(model, arm, ("relu",), example)
        return model.train()
    with seeded(seed):
        model = _user_model(subject.name, shapes, seed)
    place(model, arm, subject.functions, example, on_equal_terms=on_equal_terms)
    check(subject.name, model, shapes, example)
    return model.train()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's, NumPy's and torch's global generators start from a seed, and are put back."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what users' code draws from
    with torch.random.fork_rng(devices=generators()):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def _user_model(reference: str, shapes: Shapes, seed: int) -> nn.Module:
    make = resolve(reference, "model")
    if isinstance(make, nn.Module):
        raise InvalidInputError(
            f"{reference} is a model already; name a function that builds a fresh one, since every "
            "trial needs its own initial weights"
        )
    if not callable(make):
        raise InvalidInputError(f"{reference} is a {type(make).__name__}, not a function")
    offered = {
        "shape": shapes.sample,
        "inputs": math.prod(shapes.sample),
        "outputs": shapes.outputs,
        "classes": shapes.outputs,
        "num_classes": shapes.outputs,
        "seed": seed,
    }
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(make).parameters.items():
        if name in offered:
            given[name] = offered[name]
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise InvalidInputError(
                f"{reference} needs {name!r}, which compare cannot know; give it a default value "
                f"(compare gives {', '.join(offered)} by name)"
            )
    try:
        model = make(**given)
    except RectifierError:
        raise
    except Exception as error:
        raise InvalidInputError(f"{reference} failed: {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise InvalidInputError(
            f"{reference} gave a {type(model).__name__}, not a torch.nn.Module; return the model"
        )
    return model


def check(reference: str, model: nn.Module, shapes: Shapes, example: Tensor) -> None:
    """See that the outputs fit the task."""
    found = tuple(_run(reference, model, example).shape)
    length = len(example)
    wanted: tuple[tuple[int, ...], ...] = ((length, shapes.outputs),)
    if shapes.kind == "tokens":
        wanted = ((length, *shapes.sample, shapes.outputs),)
    if shapes.kind == "values" and shapes.outputs == 1:
        wanted = (*wanted, (length,))
    if found not in wanted:
        raise InvalidInputError(
            f"{reference} gives outputs of shape {found} for {length} samples of shape "
            f"{shapes.sample}; the data need {' or '.join(map(str, wanted))}"
        )


def _run(reference: str, model: nn.Module, example: Tensor) -> Tensor:
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            result = model(example)
    except Exception as error:
        raise _refusal(reference, example, error) from error
    finally:
        model.train(training)
    if not isinstance(result, Tensor):
        raise InvalidInputError(
            f"{reference} returns a {type(result).__name__}; compare needs one tensor"
        )
    return result


def _refusal(reference: str, example: Tensor, error: Exception) -> InvalidInputError:
    """Which model could not take which data, and why, in a sentence."""
    why = str(error) if isinstance(error, RectifierError) else f"{type(error).__name__}: {error}"
    return InvalidInputError(
        f"{reference} cannot take the data, {len(example)} samples of shape "
        f"{tuple(example.shape[1:])} and type {example.dtype}: {why}"
    )


class _Path(Observer):
    """Notes sites and layers in the order in which they run."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.hidden: set[int] = set()

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        if site not in self.sites:
            self.sites.append(site)

    def on_layer(self, layer: Layer, output: Any) -> None:
        self.hidden.update(id(site) for site in self.sites)


def hidden_sites(model: nn.Module, example: Tensor, reference: str = "the model") -> list[Site]:
    """Places of elementwise activations that a later layer with weights reads, in order.

    Raises:
        InvalidInputError: The model cannot take the example.
    """
    path = _Path()
    model.eval()
    with Interception([path], [model]), torch.enable_grad():
        try:
            model(example)
        except Exception as error:
            raise _refusal(reference, example, error) from error
    model.train()
    return [site for site in path.sites if id(site) in path.hidden and _elementwise(site)]


def _elementwise(site: Site) -> bool:
    """Also false for the gates of torch's recurrent layers, which cannot be replaced."""
    if site.apply is None and site.module() is None:
        return False
    return site.function not in catalog.rowwise_names() and site.function not in (
        catalog.gated_names()
    )


def functions_to_replace(sites: Sequence[Site]) -> tuple[str, ...]:
    """Which of the functions at hidden places to replace where the user does not say.

    All; but sigmoid and tanh only where nothing else is there, since beside others they are gates.
    """
    found = tuple(dict.fromkeys(site.function for site in sites))
    return tuple(name for name in found if name not in _GATES) or found


def place(
    model: nn.Module,
    arm: Arm,
    functions: Sequence[str],
    example: Tensor,
    *,
    on_equal_terms: bool = False,
) -> None:
    """Put an arm at the hidden places of a model that has some of these functions, and rescale.

    Args:
        model: Is changed.
        arm: What to put there.
        functions: What it takes the place of.
        example: Samples to run the model on.
        on_equal_terms: A function call is replaced even by what it is, also where the arm is the
            model as it is: to replace one costs time in every step, which the model's own function
            would be spared else.

    Raises:
        InvalidInputError: There is no such place, or fewer than the arm has activations.
    """
    if not arm.layers:
        if on_equal_terms:
            _replace_by_itself(model, functions, example)
        return
    sites = [site for site in hidden_sites(model, example) if site.function in functions]
    if not sites:
        raise InvalidInputError(
            f"the model applies none of {', '.join(functions)} before a layer with weights, so "
            "there is nothing to replace"
        )
    chosen = {site.name: arm.at(number, len(sites)) for number, site in enumerate(sites)}
    with torch.no_grad():
        scaled: set[int] = set()
        for site in sites:
            layer = site.layer_module()
            if isinstance(layer, WEIGHTED) and id(layer) not in scaled:
                scaled.add(id(layer))
                layer.weight.mul_(_gain(chosen[site.name]) / _old_gain(site))
    for function in dict.fromkeys(site.function for site in sites):
        for activation in dict.fromkeys(chosen.values()):
            names = [
                s.name
                for s in sites
                if s.function == function
                and chosen[s.name] == activation
                and (activation.name != function or (on_equal_terms and s.module() is None))
            ]
            if names:
                rt.swap(model, function, activation, (example,), only=names)


def _replace_by_itself(model: nn.Module, functions: Sequence[str], example: Tensor) -> None:
    """Put each function of the catalog that is called at a hidden place in its own place."""
    names: dict[str, list[str]] = {}
    for site in hidden_sites(model, example):
        if site.function in functions and site.module() is None:
            names.setdefault(site.function, []).append(site.name)
    for function, places in names.items():
        if function in catalog.names():
            rt.swap(model, function, function, (example,), only=places)


def _gain(activation: Any) -> float:
    return float(analysis.gain(activation))


def _old_gain(site: Site) -> float:
    if site.apply is not None:
        return measured_gain(site.function, site.apply)
    try:
        return float(analysis.gain(site.function))
    except UnknownNameError:
        return 1.0
