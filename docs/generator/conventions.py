"""Where libraries disagree about one name: found by running them, not by reading about them."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

import rectifier.torch as rt
from generator import namesakes
from generator.text import table
from rectifier import catalog
from rectifier.analysis import peers

os.environ.setdefault("KERAS_BACKEND", "torch")

LIBRARIES = ("torch", "keras", "jax", "transformers")


@dataclass(frozen=True)
class Question:
    """Something on which libraries differ.

    Attributes:
        title: What is asked.
        about: What the possible answers mean.
        ours: Our answer.
        theirs: By library, what gives theirs.
    """

    title: str
    about: str
    ours: Callable[[], float]
    theirs: Mapping[str, Callable[[], Any]]


def page() -> str:
    """Return the page as Markdown, with the answers of what is installed."""
    there = [name for name in LIBRARIES if find_spec(name) is not None]
    absent = [name for name in LIBRARIES if name not in there]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name).partition('+')[0]}" for name in there
    )
    rows = []
    for question in questions(there):
        answers = [
            _number(question.theirs[name]()) if name in question.theirs else "" for name in there
        ]
        ours = _number(question.ours())
        rows.append((question.title, ours, *answers, question.about))
    parts = [
        "# Where libraries disagree",
        f"Answers of {versions} (Keras on its torch backend) and of rectifier, each found by "
        "running the library when this page was built. Ours follow the primary source of each "
        "function; its page says where the source and the libraries part.",
        table(("question", "rectifier", *there, "what it means"), rows),
        *_namesakes(),
    ]
    parts += [f"Not installed when this was built: {', '.join(absent)}."] if absent else []
    return "\n\n".join(parts) + "\n"


def _namesakes() -> list[str]:
    found, compared, absent = namesakes.rows()
    heads = ("library", "name there", "name here", "at", "theirs", "ours")
    parts = [
        "## Same name, another function",
        f"Each of {compared} names of what is installed, run with its defaults at "
        f"{namesakes.POINTS.size} points from {namesakes.POINTS.min():g} to "
        f"{namesakes.POINTS.max():g} beside what rectifier finds by that name. All the others "
        f"agree within {namesakes.TOLERANCE:g}.",
        table(heads, found),
        f"Could not be loaded here, so not compared: {', '.join(absent)}." if absent else "",
        "## Same name, another definition",
        *(
            f"`{name}` means [{theirs}](activations/{theirs}.md) in "
            f"{', '.join(_who(name))}. Here it is [{name}](activations/{name}.md). "
            f"{catalog.get(name).differs}"
            for name, theirs in peers.MEANT.items()
        ),
    ]
    return [part for part in parts if part]


def _who(name: str) -> list[str]:
    return [offer.title for offer in peers.offers() if name in offer.names]


def _number(value: Any) -> str:
    number = float(value.detach() if isinstance(value, torch.Tensor) else value)
    return "NaN" if np.isnan(number) else f"{number:.7g}"


def _slope(f: Callable[..., Any], at: float) -> float:
    x = torch.tensor([at], requires_grad=True)
    (grad,) = torch.autograd.grad(f(x).sum(), x)
    return float(grad)


def questions(there: list[str]) -> list[Question]:
    """Return the questions, with the answers of the libraries that are there."""
    f, own = torch.nn.functional, rt.functional
    one, minus, pair = torch.tensor(1.0), torch.tensor(-1.0), torch.tensor([2.0, 5.0])
    far = torch.tensor(20.5, dtype=torch.float64)
    torchs: list[Callable[[], Any]] = [
        lambda: f.leaky_relu(minus),
        lambda: torch.nn.LeakyReLU()(minus),
        lambda: torch.nn.PReLU()(minus),
        lambda: f.gelu(one),
        lambda: f.hardsigmoid(one),
        lambda: f.glu(pair),
        lambda: f.softplus(far) - far,
        lambda: _slope(f.leaky_relu, 0.0),
        lambda: _slope(f.relu6, 6.0),
        lambda: _slope(f.relu, float("nan")),
        lambda: f.silu(torch.tensor(-float("inf"))),
    ]
    found = {"torch": torchs}
    if "keras" in there:
        found["keras"] = _keras(minus, one, pair, far)
    if "jax" in there:
        found["jax"] = _jax()
    if "transformers" in there:
        found["transformers"] = _transformers(minus, one)
    asked: list[tuple[str, str, Callable[[], Any]]] = [
        (
            "leaky_relu(−1), defaults",
            "the slope: 0.01 as in the paper, or another",
            lambda: own.leaky_relu(minus),
        ),
        (
            "a LeakyReLU layer at −1, defaults",
            "the same of the layer: Keras's has another slope than its function",
            lambda: rt.LeakyReLU()(minus),
        ),
        (
            "a new PReLU layer at −1",
            "the slope at the start: 0.25 as in the paper, or 0, which is ReLU",
            lambda: rt.PReLU(1)(minus.reshape(1, 1)),
        ),
        (
            "gelu(1), defaults",
            "0.8413447 is the exact one, 0.8411920 the approximation by tanh",
            lambda: own.gelu(one),
        ),
        (
            "hard_sigmoid(1)",
            "2/3 is relu6(x + 3) / 6; 0.7 would be 0.2 x + 0.5 (old Keras, ONNX)",
            lambda: own.hard_sigmoid(one),
        ),
        (
            "glu([2, 5])",
            "1.986614 = 2 σ(5): the last half gates; 4.403985 = 5 σ(2): the first",
            lambda: rt.gated("glu")(pair),
        ),
        (
            "softplus(20.5) − 20.5 in fp64",
            "1.25015e-09 is right; 0 is the identity above a threshold of 20",
            lambda: own.softplus(far) - far,
        ),
        (
            "slope of leaky_relu at 0",
            "0.01 is that on the left, 1 that on the right",
            lambda: _slope(own.leaky_relu, 0.0),
        ),
        (
            "slope of relu6 at 6",
            "1 is that on the left, 0 that on the right, 0.5 the mean",
            lambda: _slope(own.relu6, 6.0),
        ),
        (
            "gradient of relu at NaN",
            "a number hides where the NaN came from",
            lambda: _slope(own.relu, float("nan")),
        ),
        (
            "silu(−∞)",
            "the limit is 0; NaN comes of −∞ · 0",
            lambda: own.silu(torch.tensor(-float("inf"))),
        ),
    ]
    return [
        Question(
            title,
            about,
            ours,
            {name: answers[i] for name, answers in found.items() if answers[i] is not None},
        )
        for i, (title, about, ours) in enumerate(asked)
    ]


def _keras(minus: Any, one: Any, pair: Any, far: Any) -> list[Any]:
    import keras

    a = keras.activations
    return [
        lambda: a.leaky_relu(minus),
        lambda: keras.layers.LeakyReLU()(minus),
        lambda: keras.layers.PReLU()(minus.reshape(1, 1)),
        lambda: a.gelu(one),
        lambda: a.hard_sigmoid(one),
        lambda: a.glu(pair),
        lambda: a.softplus(far) - far,
        lambda: _slope(a.leaky_relu, 0.0),
        lambda: _slope(a.relu6, 6.0),
        lambda: _slope(a.relu, float("nan")),
        lambda: a.silu(torch.tensor(-float("inf"))),
    ]


def _jax() -> list[Any]:
    import jax

    nn = jax.nn

    def softplus() -> Any:
        with jax.enable_x64(True):
            far = jax.numpy.float64(20.5)
            return nn.softplus(far) - far

    return [
        lambda: nn.leaky_relu(-1.0),
        *[None] * 2,  # it has no layers
        lambda: nn.gelu(1.0),
        lambda: nn.hard_sigmoid(1.0),
        lambda: nn.glu(jax.numpy.array([2.0, 5.0]))[0],
        softplus,
        lambda: jax.grad(nn.leaky_relu)(0.0),
        lambda: jax.grad(nn.relu6)(6.0),
        lambda: jax.grad(nn.relu)(float("nan")),
        lambda: nn.silu(-float("inf")),
    ]


def _transformers(minus: Any, one: Any) -> list[Any]:
    from transformers.activations import ACT2FN

    return [
        lambda: ACT2FN["leaky_relu"](minus),
        None,  # what it has is the layer
        lambda: ACT2FN["prelu"](minus).detach(),
        lambda: ACT2FN["gelu"](one),
        *[None] * 4,
        lambda: _slope(ACT2FN["relu6"], 6.0),
        lambda: _slope(ACT2FN["relu"], float("nan")),
        lambda: ACT2FN["silu"](torch.tensor(-float("inf"))),
    ]
