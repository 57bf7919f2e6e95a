"""Edits of a source text that put normalisations into a model, where the place is certain.

Layer: doctor; standard library only; for `rectifier.doctor.patch`. A model is known by the one
statement that makes an object of its class; what is put in stands right behind that statement, or,
for a layer of the one ``nn.Sequential`` with a name, in it. Each function returns the text as it
was where there is not exactly one place.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rectifier.doctor.edits import exchanged, parse

LONGEST = 32
"""Features that may be written out in a line of code."""


@dataclass(frozen=True)
class Place:
    """What is known of a layer.

    Attributes:
        model: Class of the root module. ``kind``: class of the layer. ``units``: its outputs.
        axis: Dimension of its output that they lie on.
    """

    model: str
    kind: str
    units: int = 0
    axis: int = 1


def with_normalized_input(
    text: str, layers: Sequence[str], settings: Mapping[str, Any], places: Mapping[str, Place]
) -> str:
    """What enters the first layer gets mean zero and spread one, by a hook at that layer."""
    mean, std = list(settings.get("mean", ())), list(settings.get("std", ()))
    if len(layers) != 1 or not 0 < len(mean) <= LONGEST or len(std) != len(mean):
        return text
    layer = layers[0]
    made = _made(text, places.get(layer))
    if made is None:
        return text
    dimensions = {"Conv1d": 1, "Conv2d": 2, "Conv3d": 3}.get(places[layer].kind, 0)
    shape = f".view(-1{', 1' * dimensions})" if dimensions else ""
    bound = settings.get("clip")
    clip = f".clamp(-{bound:g}, {bound:g})" if bound else ""
    path = "" if layer == places[layer].model else layer
    return _after(
        text,
        made,
        [
            "# mean and spread of each feature, as measured",
            *_numbers("input_mean", mean, shape),
            *_numbers("input_std", std, shape),
            f'{_name(made)}.get_submodule("{path}").register_forward_pre_hook(',
            f"    lambda _, args: ({'(' * bool(clip)}(args[0] - input_mean) / input_std"
            f"{')' * bool(clip)}{clip}, *args[1:])",
            ")",
        ],
    )


def with_normalization(text: str, layers: Sequence[str], places: Mapping[str, Place]) -> str:
    """Batch normalisation behind layers: linear ones of rows, and convolutions."""
    known = [places[layer] for layer in layers if layer in places]
    kinds = {"Linear": "BatchNorm1d", "Conv1d": "BatchNorm1d", "Conv2d": "BatchNorm2d"}
    if not known or len(known) < len(layers):
        return text
    if not all(p.kind in kinds and p.axis == 1 and p.units for p in known):
        return text
    inside = _in_sequence(text, layers, places, kinds)
    if inside is not None:
        return inside
    made = [_made(text, place) for place in known]
    first = made[0]
    if first is None or any(other is None or other.lineno != first.lineno for other in made):
        return text
    of = sorted({kinds[place.kind] for place in known})
    if len(of) != 1:
        return text
    width = "out_features" if known[0].kind == "Linear" else "out_channels"
    names = [f'"{layer}",' for layer in layers]
    listed = [f"for name in ({' '.join(names).rstrip(',') if names[1:] else names[0]}):"]
    if len(listed[0]) > 80:
        listed = [
            "for name in (",
            *(f"    {line}" for line in textwrap.wrap(" ".join(names), 84)),
            "):",
        ]
    return _after(
        text,
        first,
        [
            *listed,
            f"    layer = {_name(first)}.get_submodule(name)",
            f'    layer.add_module("normalization", torch.nn.{of[0]}(layer.{width}))',
            "    layer.register_forward_hook(lambda layer, _, output: layer.normalization(output))",
        ],
    )


def _in_sequence(
    text: str, layers: Sequence[str], places: Mapping[str, Place], kinds: Mapping[str, str]
) -> str | None:
    """The one ``nn.Sequential`` of plain parts with a normalisation behind each layer named."""
    tree = parse(text)
    paths = {layer.rpartition(".")[0] for layer in layers}
    numbers = [layer.rpartition(".")[2] for layer in layers]
    if tree is None or len(paths) != 1 or not all(number.isdigit() for number in numbers):
        return None
    path = paths.pop()
    found = [call for name, call in sequences(tree) if not path or name == path.split(".")[-1]]
    if len(found) != 1 or any(isinstance(part, ast.Starred) for part in found[0].args):
        return None
    prefix = ast.unparse(found[0].func).rpartition(".")[0]
    for layer in sorted(layers, key=lambda name: -int(name.rpartition(".")[2])):
        place = int(layer.rpartition(".")[2])
        if place >= len(found[0].args):
            return None
        part = found[0].args[place]
        segment = ast.get_source_segment(text, part)
        kind = places[layer].kind
        if segment is None or not ast.unparse(part).startswith((f"{prefix}.{kind}(", f"{kind}(")):
            return None
        norm = f"{kinds[kind]}({places[layer].units})"
        text = exchanged(text, part, f"{segment}, {prefix + '.' if prefix else ''}{norm}")
    return text


def sequences(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each ``nn.Sequential`` that a statement gives a name, and the name."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        if ast.unparse(node.value.func).rpartition(".")[2] == "Sequential":
            yield ast.unparse(node.targets[0]).rpartition(".")[2], node.value


def _made(text: str, place: Place | None) -> ast.Assign | None:
    """The one statement that makes the model: ``net = Net(…)``, also with ``.to(…)`` behind it."""
    tree = parse(text)
    if tree is None or place is None or not imports_torch(tree):
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and _class_of(node.value) == place.model
    ]
    if len(found) != 1 or text.splitlines()[found[0].lineno - 1][: found[0].col_offset].strip():
        return None
    return found[0]


def _class_of(value: ast.expr) -> str:
    """Name of the class of which an expression makes an object, as far as its spelling tells."""
    while (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and isinstance(value.func.value, ast.Call)
        and value.func.attr in ("to", "cuda", "cpu", "double", "float", "train")
    ):
        value = value.func.value
    return ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""


def _name(made: ast.Assign) -> str:
    return ast.unparse(made.targets[0])


def variable_of(text: str, model: str) -> tuple[str, int] | None:
    """The variable that holds the model of a class, and the line that makes it; if it is one."""
    made = _made(text, Place(model, ""))
    return None if made is None else (_name(made), made.lineno)


def _after(text: str, made: ast.Assign, added: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    end = made.end_lineno or made.lineno
    if lines[end - 1].rstrip("\n")[made.end_col_offset or 0 :].partition("#")[0].strip():
        return text  # another statement follows on its line
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    indent = " " * made.col_offset
    lines[end:end] = [f"{indent}{line}\n" for line in added]
    return "".join(lines)


def _numbers(name: str, values: Sequence[float], shape: str) -> list[str]:
    """Lines that make a tensor of some numbers."""
    text = ", ".join(f"{value:.4g}" for value in values)
    if len(text) <= 60:
        return [f"{name} = torch.tensor([{text}]){shape}"]
    lines = [f"    {line}" for line in textwrap.wrap(text, 84)]
    return [f"{name} = torch.tensor([", *lines, f"]){shape}"]


def imports_torch(tree: ast.AST) -> bool:
    """Whether the name ``torch`` is there."""
    return any(
        isinstance(node, ast.Import) and any(a.name == "torch" and not a.asname for a in node.names)
        for node in ast.walk(tree)
    )
