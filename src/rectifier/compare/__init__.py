"""Which activation should this model use, and is the difference real?

Layer: above ``torch``, ``data`` and ``models``; below ``report`` and ``cli``. Its files compose so:
`arm` is what is compared, `subject` in which network, `plan` what to run (`planning` makes it from
what a person says), `trial` what one run is and what came of it, `tuning` which settings are tried.
`engines` spread `job`s over processes, where `work` does them: `training` one trial, `together`
several as one, `policy` episodes, `costs` what a step costs, each by way of `network`, `course`,
`objective` and `mechanism`; only these need torch. `store` keeps outcomes, `differences` judges by
`resampling` and `statistics`, `summary` and `recommend` turn outcomes into a `result.Comparison`,
`document` writes that as JSON, and `run` is the conductor. Drawing is left to ``report``.

The package itself is callable: ``rectifier.compare(task="digits", seeds=10)`` is
`rectifier.compare.run.compare`. Importing it loads no framework.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rectifier.compare.document import from_json as from_json
    from rectifier.compare.document import to_json as to_json
    from rectifier.compare.plan import Plan as Plan
    from rectifier.compare.planning import DEFAULT_ACTIVATIONS as DEFAULT_ACTIVATIONS
    from rectifier.compare.planning import make_plan as make_plan
    from rectifier.compare.recorder import Progress as Progress
    from rectifier.compare.result import Comparison as Comparison
    from rectifier.compare.run import compare as compare
    from rectifier.compare.run import run_comparison as run_comparison
    from rectifier.compare.store import Store as Store
    from rectifier.compare.summary import summarize as summarize

_HOME = {
    "Comparison": "result",
    "DEFAULT_ACTIVATIONS": "planning",
    "Plan": "plan",
    "Progress": "recorder",
    "Store": "store",
    "compare": "run",
    "from_json": "document",
    "make_plan": "planning",
    "run_comparison": "run",
    "summarize": "summary",
    "to_json": "document",
}

__all__ = [
    "DEFAULT_ACTIVATIONS",
    "Comparison",
    "Plan",
    "Progress",
    "Store",
    "compare",
    "from_json",
    "make_plan",
    "run_comparison",
    "summarize",
    "to_json",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _CallablePackage(ModuleType):
    """Makes ``rectifier.compare(...)`` mean ``rectifier.compare.compare(...)``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Comparison:
        function = self.compare
        result: Comparison = function(*args, **kwargs)
        return result


sys.modules[__name__].__class__ = _CallablePackage
