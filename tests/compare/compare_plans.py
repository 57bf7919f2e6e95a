from __future__ import annotations

from rectifier.compare.plan import Plan
from rectifier.compare.trial import Setting, Trial


def at_rate(plan: Plan, rate: float) -> dict[tuple[str, int], Setting]:
    """The same setting for all arms in all studies."""
    return {(arm.name, study): Setting(rate) for arm in plan.arms for study in plan.tuning_seeds}


def finals(plan: Plan, rate: float = 1e-2) -> tuple[Trial, ...]:
    """All final trials at one rate."""
    return plan.final_trials(at_rate(plan, rate))
