"""How a comparison was done, in sentences with every number that is needed to repeat it.

Layer: compare, no framework.
"""

from __future__ import annotations

import math

from rectifier.compare.plan import Plan
from rectifier.compare.resampling import RESAMPLES
from rectifier.compare.result import Comparison
from rectifier.compare.statistics import FEWEST
from rectifier.compare.tuning import BEYOND, EXTENSIONS


def protocol(plan: Plan, comparison: Comparison) -> tuple[str, ...]:
    """The protocol of a finished comparison, a sentence or two for each matter."""
    sentences = [_network(plan), _training(plan), _tuning(plan), _final(plan, comparison)]
    if len(comparison.rows) > 1:
        sentences += _judging(plan, comparison)
    sentences.append(
        f"A run that failed counts as guessing, {_score(plan, plan.facts[plan.seeds[0]].guess)}."
    )
    if plan.looks > 1:
        sentences.append(
            f"The verdicts could be looked at {plan.looks} times while seeds were added, so each "
            f"look tests at a {plan.looks}th of the level."
        )
    if plan.mix:
        sentences.append(
            "A mix by layer was searched for on validation scores of the tuning seeds, from the "
            "best activation on, one hidden place after the other; what was found was tuned and "
            "run like the others. Where it is not in the table, none was better."
        )
    sentences.append(_cost(plan, comparison))
    return tuple(sentences)


def _network(plan: Plan) -> str:
    facts = plan.facts[plan.seeds[0]]
    options = ", ".join(f"{name} {_plain(value)}" for name, value in plan.subject.options)
    text = f"Task {plan.task.name}"
    if plan.task.source:
        text += f" ({plan.task.source})"
    if facts.train_samples:
        text += f", {facts.train_samples:,} samples to train on"
    text += f"; network {plan.subject.name}"
    if options:
        text += f" ({options})"
    if plan.subject.functions:
        text += (
            f", in which {', '.join(plan.subject.functions)} was replaced at every hidden place "
            "and the layer before it rescaled by the ratio of gains"
        )
    return text + "."


def _training(plan: Plan) -> str:
    text = (
        f"{plan.epochs} epochs, {plan.batch} samples a step, {plan.optimizer}, learning rate "
        f"{'falling linearly to 0' if plan.schedule == 'linear' else 'constant'}"
    )
    if plan.augment:
        text += f", samples augmented by {plan.augment}"
    text += ". Biases, norms and slopes that opt out get no weight decay."
    if plan.device != "cpu":
        text += (
            f" Trained on {plan.device}: torch's deterministic algorithms asked for, fp32 not "
            "rounded to TF32; weights, orders and augmentation are drawn as on a CPU, but sums are "
            "added in another order, so another kind of GPU gives other last digits."
        )
    return text


def _tuning(plan: Plan) -> str:
    search = plan.search
    if not search.tuned:
        return f"Nothing was tuned: learning rate {search.grid[0]:g} for all."
    studies = len(plan.tuning_seeds)
    if search.grid:
        what = f"the learning rates {', '.join(f'{rate:g}' for rate in search.grid)}"
    else:
        what = (
            f"{search.points} quasi-random points of learning rate ({_ends(search.rates)}), "
            f"warm-up ({_ends(search.warmups)} of the steps) and weight decay "
            f"({_ends(search.decays)})"
        )
    text = (
        f"For every activation, {studies} independent tuning "
        f"{'study' if studies == 1 else 'studies'} (seeds from {plan.tuning_seeds[0]}) tried {what}"
    )
    text += ", judged by the best epoch's validation score"
    if not search.grid:
        text += (
            f"; where the best rate was at an edge, {BEYOND} points beyond it, up to {EXTENSIONS} "
            "times"
        )
    return text + "."


def _final(plan: Plan, comparison: Comparison) -> str:
    return (
        f"Then {len(comparison.seeds)} fresh seeds ({_seeds(comparison.seeds)}), each with the "
        "choice of one study in turn and with split, initial weights, order of the data"
        + (" and augmentation" if plan.augment else "")
        + " of its own, the same for all activations. The test split was opened once, with the "
        "weights of the epoch of the best validation score."
    )


def _judging(plan: Plan, comparison: Comparison) -> list[str]:
    arms, seeds = len(comparison.rows), len(comparison.seeds)
    pairs = arms * (arms - 1) // 2
    t = (
        "Student's t with a variance that has a part between and a part within studies"
        if 1 < len(plan.tuning_seeds) < seeds
        else "Student's t"
    )
    if seeds < 2:
        return ["One seed has no spread, so nothing is judged."]
    if seeds < FEWEST:
        text = (
            f"Differences are paired by seed and judged by {t}; {seeds} seeds are too few to draw "
            f"them anew, which takes {FEWEST}"
        )
    else:
        drawn = (
            "studies drawn first, then seeds within each"
            if 1 < len(plan.tuning_seeds) < seeds
            else "seeds drawn anew, the same for all"
        )
        text = (
            f"Differences are paired by seed and judged by a studentised bootstrap ({RESAMPLES:,} "
            f"draws, {drawn}) and by {t}; two are called different where both say so, since "
            "neither alone kept to 5 % of false differences in every simulation, and the interval "
            "told is the wider of the two"
        )
    text += (
        f"; {'the pair is' if pairs == 1 else f'all {pairs} pairs are'} "
        + ("judged as it is" if pairs == 1 else "corrected together (Holm, Shaffer's bounds)")
        + f". A difference smaller than {_score(plan, plan.matters)} is taken not to matter."
    )
    sentences = [text]
    if seeds >= FEWEST:
        sentences.append(
            "The verdict is about means. The difference of interquartile means, which a few odd "
            "runs do not move, is told beside it with an interval made in the same two ways."
        )
    return sentences


def _cost(plan: Plan, comparison: Comparison) -> str:
    if not plan.timing:
        return "Nothing was timed."
    kinds = {row.energy for row in comparison.rows if row.energy}
    where = "on one thread" if plan.device == "cpu" else f"on {plan.device}, to the device's end"
    text = (
        f"Steps were timed {where}, all activations in turn in one process, the fastest of 24 "
        "rounds or more"
    )
    if kinds == {"measured"}:
        text += "; energy is the processor package's own count"
    elif kinds:
        text += "; energy is estimated at 15 W for a busy core, not measured"
    grouped = [row.activation for row in comparison.rows if row.together > 1]
    if grouped:
        which = "all" if len(grouped) == len(comparison.rows) else ", ".join(grouped)
        text += f". Trials of {which} were trained together, which was measured to be faster here"
    return text + "."


def _seeds(seeds: tuple[int, ...]) -> str:
    if len(seeds) > 2 and seeds == tuple(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(str(seed) for seed in seeds)


def _ends(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g}" if math.isclose(*ends) else f"{ends[0]:g} to {ends[1]:g}"


def _score(plan: Plan, value: float) -> str:
    if "accuracy" in plan.metric:
        return f"{100 * value:.2g} points" if value < 0.05 else f"{100 * value:.3g} %"
    return f"{value:.3g}"


def _plain(value: object) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
