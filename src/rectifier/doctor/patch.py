"""The edit that makes a remedy permanent, as a unified diff against the user's source.

Layer: doctor; standard library only. An edit is proposed only where the place is certain: a literal
learning rate of the value that did not suit, in a place that sets one; the call of an activation on
the line where its site was seen; the one output activation; the one step of the one optimiser.
Elsewhere there is no patch; nothing is ever written.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rectifier.doctor.additions import with_activations, with_fresh_weights, with_guard
from rectifier.doctor.edits import (
    with_capped_rate,
    with_clearing,
    with_clipping,
    with_logarithm,
    without_output,
)
from rectifier.doctor.finding import Remedy
from rectifier.doctor.insertions import Place, with_normalization, with_normalized_input
from rectifier.doctor.joining import with_parameters
from rectifier.doctor.literals import DECAY, EPSILON, MOMENTUM, with_number, with_rate
from rectifier.doctor.passing import with_straight_through, with_tanh

_EDITED = frozenset({
    "clip_gradients", "remove_output_activation", "add_activation", "stabilize_loss",
    "reinitialize", "add_to_optimizer", "normalize_input", "insert_normalization",
})  # fmt: skip
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "relu": ("F.relu", "functional.relu", "torch.relu", "nn.ReLU"),
    "sigmoid": ("torch.sigmoid", "F.sigmoid", "functional.sigmoid", "nn.Sigmoid"),
    "tanh": ("torch.tanh", "F.tanh", "functional.tanh", "nn.Tanh"),
}
_REPLACEMENTS: Mapping[str, Mapping[str, str]] = {
    "leaky_relu": {
        "F": "F.leaky_relu",
        "functional": "functional.leaky_relu",
        "torch": "torch.nn.functional.leaky_relu",
        "nn": "nn.LeakyReLU",
    },
    "relu": {
        "F": "F.relu",
        "functional": "functional.relu",
        "torch": "torch.relu",
        "nn": "nn.ReLU",
    },
}


def patch_for(
    script: Path,
    remedies: Sequence[Remedy],
    sources: Mapping[str, str],
    folder: Path,
    places: Mapping[str, Place] | None = None,
) -> str:
    """The edits for some remedies.

    Args:
        script: The user's script.
        remedies: What was done.
        sources: For each site its ``file.py:line``.
        folder: What the files of ``sources`` are named relative to.
        places: What is known of each layer.

    Returns:
        A unified diff, empty where no edit is certain.
    """
    edits: dict[Path, str] = {}

    def text_of(path: Path) -> str | None:
        if path not in edits:
            try:
                edits[path] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return None
        return edits[path]

    for remedy in remedies:
        if remedy.action in _EDITED:
            text = text_of(script)
            if text is not None:
                edits[script] = _edited(text, remedy, places or {}, script)
        elif remedy.action in ("lower_learning_rate", "raise_learning_rate"):
            text = text_of(script)
            if text is not None:
                edits[script] = _with_rates(text, remedy)
        elif remedy.action == "swap_activation" and _passes(remedy):
            text = text_of(script)
            if text is not None:
                edits[script] = _with_gradient(text, remedy, script)
        elif remedy.action == "swap_activation" and not remedy.scope.get("reinitialize"):
            for site in remedy.scope.get("sites", ()):
                file, _, line = sources.get(site, "").rpartition(":")
                path = folder / file
                text = text_of(path) if file and line.isdigit() else None
                if text is not None:
                    names = str(remedy.settings["from"]), str(remedy.settings["to"])
                    edits[path] = _with_activation(text, int(line), *names)
    return "".join(_diff(path, text, folder) for path, text in edits.items())


def _met(remedy: Remedy, name: str) -> list[Any]:
    """What the remedy met in the rerun."""
    return list(remedy.scope.get("met", {}).get(name, ()))


def _calls(remedy: Remedy, script: Path) -> list[tuple[str, int]] | None:
    """Kind and line of the calls that a remedy changed; None where one is not in the script."""
    met = _met(remedy, "places")
    inside = [(kind, line) for kind, file, line in met if file and Path(file) == script.resolve()]
    return inside if len(inside) == len(met) else None


def _with_rates(text: str, remedy: Remedy) -> str:
    """A learning rate, and a momentum that was shortened with it; or the steps' rates bounded."""
    old, new = float(remedy.settings["from"]), float(remedy.settings["to"])
    if remedy.settings.get("cap"):
        return with_capped_rate(text, new)
    heavy, times = _met(remedy, "momentum"), _met(remedy, "rate_times")
    if not heavy:
        return with_rate(text, old, new)
    lighter = with_number(text, MOMENTUM, *heavy)
    edited = with_rate(lighter, old, float(f"{old * times[0]:.2g}"))
    same = math.isclose(times[0], 1.0, rel_tol=0.01)
    return text if lighter == text or (edited == lighter and not same) else edited


def _passes(remedy: Remedy) -> bool:
    """Whether it gives a threshold or a sign a gradient, rather than exchange an activation."""
    given = remedy.settings
    return given.get("to") == "straight_through" or given.get("from") in ("sign", "sgn")


def _with_gradient(text: str, remedy: Remedy, script: Path) -> str:
    calls = _calls(remedy, script)
    if not calls or len({kind for kind, _ in calls}) != 1:
        return text
    kind, lines = calls[0][0], {line for _, line in calls}
    if remedy.settings.get("to") == "straight_through":
        return with_straight_through(text, kind, lines)
    return with_tanh(text, lines)


def _edited(text: str, remedy: Remedy, places: Mapping[str, Place], script: Path) -> str:
    calls = _calls(remedy, script)
    if calls is None:
        return text
    lines = {line for _, line in calls}
    layers = remedy.scope.get("layers", ())
    if remedy.action == "normalize_input":
        if remedy.settings.get("others"):
            return text  # several places; one edit alone would be half a cure
        return with_normalized_input(text, layers, remedy.settings, places)
    if remedy.action == "insert_normalization":
        if remedy.settings.get("how"):
            return text
        return with_normalization(text, layers, places)
    if remedy.action == "clip_gradients" and remedy.settings.get("clear"):
        return with_clearing(text)
    if remedy.action == "clip_gradients":
        return with_clipping(text, float(remedy.settings["max_norm"]))
    if remedy.action == "add_activation":
        return with_activations(text, layers, str(remedy.settings.get("function", "relu")))
    if remedy.action == "stabilize_loss":
        if decay := _met(remedy, "weight_decay"):
            return with_number(text, DECAY, *decay)
        if epsilon := _met(remedy, "eps"):
            return with_number(text, EPSILON, *epsilon)
        unknown = {"fill", "decay", "epsilon", "bound"} & set(remedy.settings)
        return text if unknown else with_guard(text, calls)
    if remedy.action == "reinitialize":
        scheme = next(iter(_met(remedy, "scheme")), "kaiming_normal")
        few = {"alike", "biases"} & set(remedy.settings)
        return text if few else with_fresh_weights(text, scheme)
    if remedy.action == "add_to_optimizer":
        how, names = str(remedy.settings.get("how", "")), remedy.scope.get("parameters", ())
        unregistered = bool(remedy.scope.get("unregistered"))
        known = [places.get(name.rpartition(".")[0]) for name in names]
        models = [place.model if place else "" for place in known]
        return with_parameters(text, how, names, unregistered, models, calls)
    function, instead = remedy.settings.get("function", ""), remedy.settings.get("to", "")
    if remedy.settings.get("log"):
        return with_logarithm(text, str(function))
    return without_output(text, str(function), str(instead), lines)


def _diff(path: Path, text: str, folder: Path) -> str:
    before = path.read_text(encoding="utf-8")
    if before == text:
        return ""
    try:
        name = path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        name = path.name
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def _with_activation(text: str, line: int, old: str, new: str) -> str:
    """The source with the one call of ``old`` on that line replaced; as it was if not just one."""
    lines = text.splitlines(keepends=True)
    if not 1 <= line <= len(lines) or new not in _REPLACEMENTS:
        return text
    found = [
        (match, spelling)
        for spelling in _SPELLINGS.get(old, ())
        for match in re.finditer(rf"(?<!\w){re.escape(spelling)}(?=\()", lines[line - 1])
    ]
    if len(found) != 1:
        return text
    match, spelling = found[0]
    replacement = _REPLACEMENTS[new][spelling.partition(".")[0]]
    lines[line - 1] = (
        lines[line - 1][: match.start()] + replacement + lines[line - 1][match.end() :]
    )
    return "".join(lines)
