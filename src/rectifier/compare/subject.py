"""Which network: one of ours that suits the task, or the user's, looked at once before the plan.

Layer: compare. Looking at the user's network needs torch, which is loaded here only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rectifier import catalog, models, optional
from rectifier.compare.arm import OWN, Arm
from rectifier.compare.reference import source_hash
from rectifier.compare.trial import Subject
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


def of_user(
    reference: str, task: Task, seed: int, functions: Iterable[str] | None
) -> tuple[Subject, Arm]:
    """The user's network, and the arm that leaves it as it is.

    Args:
        reference: As in ``--model``.
        task: What it is to learn.
        seed: Of the data it is tried on.
        functions: Activations to replace; None: those at hidden places, gates left alone.

    Raises:
        InvalidInputError: The network cannot be built or run, or has nothing to replace.
    """
    optional.expect("torch", extra="torch", purpose="comparing activations")
    import torch

    from rectifier.compare import network

    code = source_hash(reference)
    dataset = task.load(seed)
    if dataset.kind == "episodes":
        example = torch.zeros(2, *dataset.shape)
    else:
        example = torch.from_numpy(dataset.train_x[:2])
    shapes = network.Shapes(dataset.shape, dataset.outputs, dataset.kind)
    plain = Subject(reference, code=code)
    model = network.build(plain, Arm(OWN, ()), shapes, 0, example)
    sites = network.hidden_sites(model, example, reference)
    found = tuple(dict.fromkeys(site.function for site in sites))
    if not found:
        raise InvalidInputError(
            f"{reference} applies no activation before a layer with weights, so there is nothing "
            "to replace"
        )
    chosen = network.functions_to_replace(sites) if functions is None else _known(functions, found)
    return Subject(reference, code=code, functions=chosen), Arm(_own_name(chosen), ())


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
