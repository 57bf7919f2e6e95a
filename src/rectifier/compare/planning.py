"""From what a person says to a plan: names, references, a number of seeds, defaults.

Layer: compare, no framework unless the model is the user's own, which has to be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rectifier import data
from rectifier.activation import Activation
from rectifier.compare import arm as arm_module
from rectifier.compare import placement
from rectifier.compare.arm import Arm
from rectifier.compare.plan import OPTIMIZERS, Plan, check_seeds
from rectifier.compare.prior import known
from rectifier.compare.subject import built_in, fitted, is_reference, of_user
from rectifier.compare.tuning import DECAYS, RATES, Search
from rectifier.compare.user_data import user_task
from rectifier.data import Task, limited
from rectifier.errors import InvalidInputError, UnknownNameError

DEFAULT_ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
)
TUNING_SEED = 1_000_001
"""The first study's; far from the small numbers that people choose for final seeds."""
DEFAULT_POINTS = 8
MOST_STUDIES = 10
"""By default. With a study for every seed, seeds are independent of each other in all respects."""
DEFAULT_WARMUP = (0.0, 0.2)
MATTERS = {"labels": 0.005, "tokens": 0.005, "values": 0.01, "episodes": 0.02}
"""Difference in score below which a person would not care, by kind of task, unless told."""


def make_plan(
    task: str | Task | None = None,
    activations: Iterable[str | Activation | Arm] | str | Activation | Arm | None = None,
    seeds: int | Sequence[int] = 10,
    *,
    model: str | None = None,
    data_from: str | None = None,
    functions: Iterable[str] | None = None,
    baseline: str | None = None,
    samples: int | None = None,
    learning_rates: Iterable[float] | None = None,
    points: int = DEFAULT_POINTS,
    warmup: float | tuple[float, float] | None = None,
    weight_decay: float | tuple[float, float] | None = None,
    studies: int | None = None,
    tuning_seeds: Sequence[int] | None = None,
    epochs: int = 15,
    batch: int = 64,
    optimizer: str = "adamw",
    schedule: str = "linear",
    augment: str | None = None,
    hidden: Sequence[int] | None = None,
    target: float | None = None,
    matters: float | None = None,
    seconds: float = math.inf,
    together: str = "auto",
    timing: bool = True,
    looks: int = 1,
    mix: bool = False,
    device: str = "cpu",
    domain: str | None = None,
) -> Plan:
    """A plan from what a person says: names, aliases, a number of seeds.

    Args:
        task: Name of a task, or a task of your own (`rectifier.data.from_arrays`); default digits.
        activations: Names, families, formulas, mixes (`rectifier.compare.arm`); default
            `DEFAULT_ACTIVATIONS`. What is named twice, be it by an alias, is compared once.
        seeds: How many final seeds, or the seeds themselves.
        model: Name of one of ours (``rectifier.models``), or ``package.module:function`` or
            ``file.py:function`` of your own; default: the one that suits the task.
        data_from: Your own data, in the same way; then ``task`` is not given. With a model in a
            file and no task, the same file is looked at.
        functions: Activations of your own model to replace; default: those at hidden places.
        baseline: The activation in use now; default: your model's own, or relu.
        samples: Train on so many samples only.
        learning_rates: Try exactly these, in any order, all else fixed; default: quasi-random
            points of rate, warm-up and weight decay.
        points: How many quasi-random points a study tries for each arm.
        warmup: Share of the steps, fixed, or between what to look.
        weight_decay: Fixed, or between what to look. Not applied to what opts out of it.
        studies: How many independent tuning studies; default: as many as seeds, ten at most.
        tuning_seeds: Their seeds, in place of ``studies``; none of the final ones.
        epochs: Passes over the training data.
        batch: Samples a step.
        optimizer: One of `OPTIMIZERS`.
        schedule: One of `SCHEDULES`.
        augment: ``shift``, ``flip`` or empty; default the task's own.
        hidden: Width of each hidden layer of ``mlp``; default (64, 64).
        target: Validation score for "time to target"; default the task's own.
        matters: Smallest difference that matters; default half a point of accuracy.
        seconds: Given to each trial; then it has failed.
        together: ``auto``, ``on`` or ``off``: whether trials of one arm train as one.
        timing: Whether steps are timed.
        looks: How often the verdicts may be looked at on the way.
        mix: Search for a mix by layer, and compare it too.
        device: ``cpu``, ``cuda``, or ``auto``: a GPU where torch sees one here.
        domain: ``vision``, ``language``, ``rl``, ``series`` or ``tables``, for the advice that is
            told beside the measurement; default: the task's own, else guessed from the model.

    Returns:
        The checked plan.

    Raises:
        UnknownNameError: There is no such task, activation, optimizer or schedule.
        InvalidInputError: A value makes no sense.
    """
    if isinstance(seeds, bool) or (isinstance(seeds, int) and seeds < 1):
        raise InvalidInputError(f"a comparison needs at least one seed; {seeds} came")
    final = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if tuning_seeds is None:
        count = min(max(len(final), 1), MOST_STUDIES) if studies is None else studies
        if count < 1:
            raise InvalidInputError(f"at least one tuning study is needed; {count} came")
        tuning_seeds = tuple(range(TUNING_SEED, TUNING_SEED + count))
    found_task = _task(task, model, data_from)
    if samples is not None:
        if samples < 1:
            raise InvalidInputError(f"at least one sample is needed; {samples} came")
        found_task = limited(found_task, samples)
    if optimizer not in OPTIMIZERS:
        raise UnknownNameError("optimizer", optimizer, OPTIMIZERS)
    rates = () if learning_rates is None else tuple(sorted({float(r) for r in learning_rates}))
    if learning_rates is not None and not rates:
        raise InvalidInputError("a comparison needs at least one learning rate")
    search = Search(
        grid=rates,
        points=points,
        rates=RATES[optimizer],
        warmups=_ends(warmup, (0.0, 0.0) if rates else DEFAULT_WARMUP),
        decays=_ends(weight_decay, (0.0, 0.0) if rates else DECAYS[optimizer]),
    )
    guess = ("", "")
    given = DEFAULT_ACTIVATIONS if activations is None else activations
    listed = (given,) if isinstance(given, str | Activation | Arm) else given
    chosen = arm_module.arms(listed)
    name = model or found_task.model
    if is_reference(name):
        if hidden is not None:
            raise InvalidInputError("the widths of hidden layers are for models of ours, not yours")
        check_seeds("tuning seeds", tuple(tuning_seeds))
        subject, own, guess = of_user(name, found_task, tuning_seeds[0], functions)
        chosen = (own, *(arm for arm in chosen if arm.name != own.name))
        baseline = own.name if baseline is None else baseline
    else:
        if functions is not None:
            raise InvalidInputError(
                "which activations to replace is for a model of your own; ours take any"
            )
        subject = built_in(name, _options(name, hidden))
        check_seeds("tuning seeds", tuple(tuning_seeds))
        if data_from is not None or name != found_task.model or not found_task.domain:
            guess = fitted(subject, found_task, tuning_seeds[0])
    if baseline is None:
        baseline = "relu" if any(arm.name == "relu" for arm in chosen) else ""
    kind = _kind(found_task, tuning_seeds)
    guessed = ""
    if domain is not None:
        found_task = replace(found_task, domain=known(domain))
    elif not found_task.domain:
        found_task, guessed = replace(found_task, domain=guess[0]), guess[1]
    return Plan(
        task=found_task,
        subject=subject,
        arms=chosen,
        seeds=final,
        search=search,
        tuning_seeds=tuple(tuning_seeds),
        epochs=epochs,
        batch=batch,
        optimizer=optimizer,
        schedule=schedule,
        augment=found_task.augment if augment is None else augment,
        target=found_task.target if target is None else float(target),
        matters=MATTERS[kind] if matters is None else float(matters),
        baseline=baseline,
        seconds=seconds,
        together=together,
        timing=timing,
        looks=looks,
        mix=mix,
        device=placement.resolve(device),
        guessed_domain=guessed,
    )


def _task(task: str | Task | None, model: str | None, data_from: str | None) -> Task:
    if data_from is not None:
        if task is not None:
            raise InvalidInputError(
                f"either a task or data of your own; {task} and {data_from} came"
            )
        return user_task(data_from)
    if task is None and model is not None and is_reference(model):
        return user_task(model.rpartition(":")[0] if ":" in model else model)
    return data.get("digits" if task is None else task)


def _kind(task: Task, seeds: Sequence[int]) -> str:
    check_seeds("tuning seeds", tuple(seeds))
    return str(task.load(seeds[0]).kind)


def _options(name: str, hidden: Sequence[int] | None) -> dict[str, Any]:
    if name != "mlp":
        if hidden is not None:
            raise InvalidInputError(f"the widths of hidden layers are for mlp, not for {name}")
        return {}
    widths = (64, 64) if hidden is None else tuple(hidden)
    if not widths or min(widths) < 1:
        raise InvalidInputError(
            "hidden must name the width of at least one layer, each at least 1; "
            f"it is {list(widths)}"
        )
    return {"hidden": widths}


def _ends(
    given: float | tuple[float, float] | None, default: tuple[float, float]
) -> tuple[float, float]:
    if given is None:
        return default
    if isinstance(given, int | float):
        if not (math.isfinite(given) and given >= 0):
            raise InvalidInputError(f"warm-up and weight decay must be 0 or more; {given} came")
        return float(given), float(given)
    low, high = given
    return float(low), float(high)
