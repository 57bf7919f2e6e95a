"""Remedies drawn at random: the baseline that any claim of repair has to beat at equal budget.

Layer: tests. One draw a faulty program: a remedy, uniformly from all that there are, on the places
that were seen in the run, its numbers as a person without a diagnosis would choose them. The rerun
under it is kept where the program's own metric became better, else the sick run stands, exactly as
`rectifier repair` does with its one attempt. (arXiv 2301.11568: random search matches published
repair tools.)
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import runs
from runs import Result
from suite import REMEDIES, Program

Remedy = dict[str, Any]


def draw(program: Program, sites: list[dict[str, Any]], seed: int) -> Remedy:
    """A remedy for a program, the same one for the same seed."""
    dice = random.Random(f"{seed} {program.stem}")
    action = dice.choice(sorted(REMEDIES))
    names = [site["site"] for site in sites]
    layers = [site["layer"] for site in sites if site.get("layer")] or [""]
    function = sites[0]["function"] if sites else "relu"
    scope: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    if action == "lower_learning_rate":
        settings = {"from": 1.0, "to": dice.choice([0.1, 0.01])}
    elif action == "raise_learning_rate":
        settings = {"from": 1.0, "to": dice.choice([10.0, 100.0])}
    elif action == "clip_gradients":
        settings = {"max_norm": dice.choice([0.1, 1.0])}
    elif action == "reinitialize":
        settings = {"scheme": dice.choice(["he_normal", "xavier_uniform"])}
    elif action == "swap_activation":
        new = dice.choice(["relu", "leaky_relu", "tanh", "gelu"])
        settings, scope = {"from": function, "to": new}, {"sites": names}
    elif action in ("insert_normalization", "recycle_units"):
        scope = {"sites": names}
    elif action == "remove_output_activation":
        settings = {"function": dice.choice(["softmax", "sigmoid"])}
    elif action == "add_activation":
        settings, scope = {"function": "relu"}, {"layers": [dice.choice(layers)]}
    elif action == "normalize_input":
        settings, scope = {"mean": [0.5], "std": [0.5]}, {"layers": layers[:1]}
    elif action == "add_to_optimizer":
        settings = {"how": "join"}
    return {"action": action, "settings": settings, "scope": scope}


def execute(program: Program, sites: list[dict[str, Any]], seed: int) -> Result:
    """Run the faulty variant under a drawn remedy."""
    with tempfile.TemporaryDirectory(prefix="programs-") as folder:
        place = Path(folder)
        (place / "train.py").write_text(program.script("faulty"), encoding="utf-8")
        plan = {"treatments": [[draw(program, sites, seed)]], "options": {}}
        (place / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        command = ["-m", "rectifier.doctor.rerun", "--plan", "plan.json", "--record", "record.json"]
        status, output, error = runs.python([*command, "train.py"], place)
    return Result(program.stem, "faulty", "random", status, output, error, 0.0, plan)
