"""Which task fits a network, and a size that one core trains in minutes. Layer: training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rectifier import data, models
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.models._sizes import COMMON
from rectifier.training.boards import GAMES

Kind = Literal["classify", "steer", "self_play", "imitate", "contrast", "predict"]


@dataclass(frozen=True)
class Start:
    """Where to begin with a network.

    Attributes:
        kind: What it learns to do. ``task``: on what, where nobody says.
        form: How it reads samples. ``least``: the smallest side of an image.
        sizes: Its own arguments, small.
        init: Scheme where nobody says, for weights that suit these sizes; None: the network's own.
        settings: What to change in the job: optimiser, rate, steps, ….
    """

    kind: Kind = "classify"
    task: str = "digits"
    form: str = "vector"
    least: int = 1
    sizes: Mapping[str, Any] = field(default_factory=dict)
    init: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


TEXTS = ("text", "char_lm")
"""Two modules of Python's library, and the whole of it as `rectifier.data` has it."""
_SMALL_BOARD = {"width": 24, "blocks": 2, "hidden": 32}
STARTS: Mapping[str, Start] = {
    "alexnet": Start(
        form="image",
        least=24,
        sizes={"channels": (8, 16, 16, 16, 16), "hidden": 64, "stem": (5, 1)},
        init="he_normal",
        settings={"optimizer": "sgd", "rate": 0.01, "weight_decay": 5e-4, "steps": 600},
    ),
    "alphago_policy": Start("imitate", "tictactoe", sizes={"width": 24}),
    "alphazero": Start("self_play", "tictactoe", sizes=_SMALL_BOARD),
    "cnn4": Start(form="image", least=8, sizes={"width": 8}, settings={"rate": 3e-3}),
    "efficientnet_b0": Start(form="image", least=32, sizes={"width": 0.25, "drop_path": 0.0}),
    "gelu_mlp": Start(),
    "gpt_tiny": Start("predict", "text", sizes={"size": 48}),
    "glorot_mlp": Start(sizes={"width": 200}),
    "irnn": Start(form="rows", sizes={"width": 64}, settings={"rate": 3e-3}),
    "mish_mlp": Start(sizes={"width": 100, "depth": 4}),
    "mlp": Start(settings={"rate": 3e-3}),
    "plain22": Start(form="image", least=8, sizes={"width": 6, "hidden": 64, "small": True}),
    "plain30": Start(form="image", least=8, sizes={"width": 6, "hidden": 64, "small": True}),
    "rbm": Start("contrast"),
    "resnet20": Start(form="image", sizes={"width": 8}),
    "resnet50": Start(form="image", least=32, sizes={"width": 8, "stages": (1, 1, 1, 1)}),
    "selu_mlp": Start(sizes={"width": 64}),
    "steering": Start("steer", "road", settings={"rate": 2e-3}),
    "transformer_decoder": Start(
        "predict", "text", sizes={"size": 48, "layers": 2, "heads": 4, "dropout": 0.0}
    ),
    "transformer_encoder": Start(
        form="tokens",
        sizes={"tokens": 17, "size": 48, "layers": 2, "heads": 4, "dropout": 0.0},
        settings={"rate": 2e-3},
    ),
    "vit_tiny": Start(form="image", sizes={"size": 48, "patch": 2}, settings={"rate": 3e-3}),
    "vgg16": Start(form="image", least=32, sizes={"width": 8, "hidden": 64}),
}


def start(model: str) -> Start:
    """Where to begin with a network; one that is not in the table classifies digits as vectors.

    Raises:
        UnknownNameError: There is no such network.
    """
    if model not in models.names():
        raise UnknownNameError("model", model, models.names())
    return STARTS.get(model, Start())


def tasks(kind: Kind) -> tuple[str, ...]:
    """Names of the tasks that a network of a kind can be trained on."""
    if kind in ("classify", "contrast"):
        return data.names()
    return {
        "steer": ("road",),
        "self_play": tuple(GAMES),
        "imitate": ("tictactoe",),
        "predict": TEXTS,
    }[kind]


def make(
    model: str,
    *,
    task: str | None = None,
    activation: str | None = None,
    init: str | None = None,
    seed: int = 0,
    batch: int = 64,
    sizes: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Any:
    """The job of a network on a task.

    Args:
        model: Name of a network.
        task: Name of a task; None: the network's own.
        activation: Name; None: the network's published one.
        init: Name of a scheme; None: that of `Start`.
        seed: Of data, weights and order.
        batch: Samples a step.
        sizes: Change the network's own arguments.
        device: Where it is trained, such as ``cuda``; weights and batches are the same anywhere.

    Returns:
        A `rectifier.training.job.Job`.

    Raises:
        UnknownNameError: There is no such network, or it cannot be trained on that task.
        InvalidInputError: An argument makes no sense for the network.
    """
    found = start(model)
    chosen = task or found.task
    if chosen not in tasks(found.kind):
        raise UnknownNameError(f"task for {model}", chosen, tasks(found.kind))
    common: dict[str, Any] = {
        "activation": activation,
        "init": init or found.init,
        "seed": seed,
        "batch": batch,
        "sizes": {**found.sizes, **(sizes or {})},
        "device": device,
    }
    for name in COMMON & {*(sizes or {})}:
        raise InvalidInputError(f"{model} has no argument {name!r} of its own to be set")
    job = _make(model, found, chosen, common)
    for name, value in found.settings.items():
        setattr(job, name, value)
    return job


def _make(model: str, found: Start, task: str, common: dict[str, Any]) -> Any:
    if found.kind == "steer":
        from rectifier.training.road import steer

        return steer(model, **common)
    if found.kind == "self_play":
        from rectifier.training.selfplay import self_play

        return self_play(model, task, **common)
    if found.kind == "imitate":
        from rectifier.training.teacher import imitate

        return imitate(model, **common)
    if found.kind == "contrast":
        from rectifier.training.boltzmann import contrast

        return contrast(model, task, **common)
    if found.kind == "predict":
        from rectifier.training.text import predict

        return predict(model, task, **common)
    from rectifier.training.classify import classify

    return classify(model, task, form=found.form, least=found.least, **common)
