"""Which network: one of ours that suits the task, or the user's, looked at once before the plan.

Layer: compare. Looking at the user's network needs torch, which is loaded here only then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rectifier import catalog, models, optional
from rectifier.compare.arm import OWN, Arm
from rectifier.compare.reference import files_read, hash_of_files, source_hash
from rectifier.compare.trial import Subject, hash_of
from rectifier.data import Task
from rectifier.errors import InvalidInputError, UnknownNameError


def is_reference(model: str) -> bool:
    """Whether a model is named by where its code is, not by a name of ours."""
    return ":" in model or model.endswith(".py") or "." in model


def built_in(name: str, options: Mapping[str, Any]) -> Subject:
    """A network of ours.

    Raises:
        UnknownNameError: There is no such network.
    """
    if name not in models.names():
        raise UnknownNameError("model", name, models.names())
    frozen = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    return Subject(name, tuple(sorted(frozen.items())))


def fitted(subject: Subject, task: Task, seed: int) -> tuple[str, str]:
    """See by one forward pass that a network of ours can take the samples of a task.

    Args:
        subject: The network.
        task: What it is to learn.
        seed: Of the data it is tried on.

    Returns:
        A guess at the domain and what it was guessed from, as `_domain` gives them.

    Raises:
        InvalidInputError: It cannot be built for such samples, or not run on them.
    """
    optional.expect("torch", extra="torch", purpose="comparing activations")
    from rectifier.compare import network

    shapes, example = _tried(task, seed)
    try:
        model = network.build(subject, Arm("relu", (catalog.get("relu"),)), shapes, 0, example)
    except Exception as error:
        raise InvalidInputError(
            f"the model {subject.name} cannot be built for the samples of {task.name}, which have "
            f"shape {shapes.sample}: {error}"
        ) from error
    network.check(f"the model {subject.name}", model, shapes, example)
    return _domain(model, shapes)


def _tried(task: Task, seed: int) -> tuple[Any, Any]:
    """What a network has to fit, and two samples to run it on."""
    import torch

    from rectifier.compare import network

    dataset = task.load(seed)
    if dataset.kind == "episodes":
        example = torch.zeros(2, *dataset.shape)
    else:
        example = torch.from_numpy(dataset.train_x[:2])
    return network.Shapes(dataset.shape, dataset.outputs, dataset.kind), example


def _domain(model: Any, shapes: Any) -> tuple[str, str]:
    """A guess at what a network is for, and what it was guessed from; empty: nothing to go by."""
    from torch import nn

    layers = list(model.modules())
    if shapes.kind == "episodes":
        return "control", "the task's episodes"
    for domain, kinds, told in (
        ("language", (nn.Embedding,), "the model's embedding"),
        ("vision", (nn.Conv2d, nn.Conv3d), "the model's convolutions"),
        ("language", (nn.MultiheadAttention, nn.TransformerEncoderLayer), "the model's attention"),
        ("series", (nn.RNNBase, nn.RNNCellBase), "the model's recurrent layers"),
        ("series", (nn.Conv1d,), "the model's convolutions over one dimension"),
    ):
        if any(isinstance(layer, kinds) for layer in layers):
            return domain, told
    if len(shapes.sample) == 1:
        return "tables", "samples that are plain rows of numbers"
    return "", ""


def of_user(
    reference: str, task: Task, seed: int, functions: Iterable[str] | None
) -> tuple[Subject, Arm, tuple[str, str]]:
    """The user's network, the arm that leaves it as it is, and `_domain`'s guess.

    Args:
        reference: As in ``--model``.
        task: What it is to learn.
        seed: Of the data it is tried on.
        functions: Activations to replace; None: those at hidden places, gates left alone.

    Raises:
        InvalidInputError: The network cannot be built or run, or has nothing to replace.
    """
    optional.expect("torch", extra="torch", purpose="comparing activations")
    from rectifier.compare import network

    code = source_hash(reference)
    shapes, example = _tried(task, seed)
    plain = Subject(reference, code=code)
    with files_read() as files:
        model = network.build(plain, Arm(OWN, ()), shapes, 0, example)
    code = hash_of({"source": code, "network": _structure(model), "read": hash_of_files(files)})
    code = code[:16]
    sites = network.hidden_sites(model, example, reference)
    found = tuple(dict.fromkeys(site.function for site in sites))
    if not found:
        raise InvalidInputError(
            f"{reference} applies no activation before a layer with weights, so there is nothing "
            "to replace"
        )
    chosen = network.functions_to_replace(sites) if functions is None else _known(functions, found)
    arm = Arm(_own_name(chosen), ())
    return Subject(reference, code=code, functions=chosen), arm, _domain(model, shapes)


def _structure(model: Any) -> list[Any]:
    """What of a network shows without a look at its code: its layers, and the shapes in it.

    A network may be made by what no import tells of. Values are left out: initial weights differ
    in their last digits from one kind of processor to another.
    """
    named = model.state_dict().items()
    shapes = [[name, list(value.shape), str(value.dtype)] for name, value in named
              if hasattr(value, "shape")]  # fmt: skip
    return [re.sub(r"0x[0-9a-f]+", "", repr(model)), shapes]


def _known(functions: Iterable[str], found: Sequence[str]) -> tuple[str, ...]:
    chosen = []
    for name in functions:
        try:
            known = catalog.get(name).name
        except UnknownNameError:
            known = name
        if known not in found:
            raise InvalidInputError(
                f"the model applies no {name!r} at a hidden place; it applies {', '.join(found)}"
            )
        chosen.append(known)
    return tuple(chosen)


def _own_name(functions: Sequence[str]) -> str:
    return functions[0] if len(functions) == 1 and functions[0] in catalog.names() else OWN
