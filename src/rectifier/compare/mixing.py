"""The search for a mix of activations, layer by layer, on validation scores only.

Layer: compare, no framework unless the hidden places of a network have to be counted. It begins
with the arm that was best in tuning and goes through the hidden places in order: at each, every
other activation is tried with that arm's settings in every study, and the best stays. What comes
out is then tuned and run on fresh seeds like any other arm, so that luck in the search is no merit.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from rectifier.activation import Activation
from rectifier.compare.arm import Arm, mixed
from rectifier.compare.plan import Plan
from rectifier.compare.trial import Outcome, Setting, Trial
from rectifier.compare.tuning import Tried, score

Run = Callable[[Sequence[Trial]], Mapping[str, Outcome]]
"""Runs trials and gives outcomes by hash, those from before among them."""


def search(plan: Plan, tried: Tried, chosen: Mapping[tuple[str, int], Setting], run: Run) -> Arm:
    """The best mix found; an arm of one activation where none is better.

    Args:
        plan: What is compared. Only its arms of one activation take part.
        tried: Points and scores of all studies.
        chosen: The setting of every arm in every study.
        run: Runs trials.
    """
    single = [arm for arm in plan.arms if len(arm.layers) == 1]
    best = max(
        single,
        key=lambda arm: statistics.fmean(
            max(found for _, found in tried[arm.name, study]) for study in plan.tuning_seeds
        ),
    )
    settings = {study: chosen[best.name, study] for study in plan.tuning_seeds}
    layers = [best.layers[0]] * places(plan)

    def judged(candidates: Sequence[Sequence[Activation]]) -> list[float]:
        trials = [
            [plan.trial(mixed(each), settings[study], study, "tuning") for study in settings]
            for each in candidates
        ]
        outcomes = run([trial for each in trials for trial in each])
        return [statistics.fmean(score(t, outcomes[t.hash]) for t in each) for each in trials]

    for place in range(len(layers)):
        candidates = [layers] + [
            [*layers[:place], arm.layers[0], *layers[place + 1 :]]
            for arm in single
            if arm.layers[0] != layers[place]
        ]
        found = judged(candidates)
        layers = list(candidates[found.index(max(found))])  # of equals the one that was there
    return mixed(layers)


def places(plan: Plan) -> int:
    """Hidden places of the plan's network."""
    options = dict(plan.subject.options)
    if "hidden" in options:
        return len(options["hidden"])
    import torch

    from rectifier.compare import network

    dataset = plan.task.load(plan.tuning_seeds[0])
    example = (
        torch.zeros(2, *dataset.shape)
        if dataset.kind == "episodes"
        else torch.from_numpy(dataset.train_x[:2])
    )
    shapes = network.Shapes(dataset.shape, dataset.outputs, dataset.kind)
    arm = next(arm for arm in plan.arms if len(arm.layers) == 1)
    model = network.build(plan.subject, arm, shapes, 0, example)
    sites = network.hidden_sites(model, example)
    wanted = set(plan.subject.functions) | {arm.layers[0].name}
    return sum(site.function in wanted for site in sites)
