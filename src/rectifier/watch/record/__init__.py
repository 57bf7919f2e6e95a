"""What was measured while a program trained: plain, versioned, framework-free numbers.

The layer between measuring and judging. `rectifier.watch` and the framework's sites write a
`Record`; `rectifier.doctor` reads it and nothing else; `rectifier.report` draws it. So everything
here is a frozen dataclass of strings, numbers and NumPy arrays, and imports no framework.

Shapes below: S is the number of observed training steps that a series holds (long runs are thinned,
evenly, so S is bounded), U the number of units of a site. A step is one call of an optimiser's
``step``, counted from 0; what is observed at step s is the forward and backward pass *before* that
call. All series cover training; passes in evaluation mode or without gradients are not in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rectifier.errors import InvalidInputError
from rectifier.watch.record.arrays import NEVER, FloatArray, IntArray
from rectifier.watch.record.circumstances import (
    Attention,
    Circumstances,
    Feed,
    Head,
    Joint,
    OptimizerFacts,
    ParameterFacts,
)
from rectifier.watch.record.layer import LayerRecord
from rectifier.watch.record.site import SiteRecord, SiteSeries, UnitStatistics
from rectifier.watch.record.text import build, plain
from rectifier.watch.record.training import NonFinite, TrainingSeries

__all__ = [
    "NEVER",
    "SCHEMA",
    "Attention",
    "Circumstances",
    "Feed",
    "FloatArray",
    "Head",
    "IntArray",
    "Joint",
    "LayerRecord",
    "NonFinite",
    "OptimizerFacts",
    "ParameterFacts",
    "Record",
    "SiteRecord",
    "SiteSeries",
    "TrainingSeries",
    "UnitStatistics",
]

SCHEMA = 1
"""Version of the record's form; a reader refuses a higher one."""


@dataclass(frozen=True, eq=False)
class Record:
    """All that was observed in one run of a program.

    Attributes:
        script: What ran, as the user named it; empty for a session inside a program.
        optimizer: Class name of the (first) optimiser; empty if none stepped.
        loss_function: Name of the loss that was seen (``cross_entropy``); empty where unknown.
        steps: Training steps taken. ``observed_steps``: how many of them were measured.
        window_steps: Observed steps in the closing window that "recent" refers to.
        overhead: Seconds spent measuring over seconds of the whole run; NaN where not known.
        sites, layers: In forward order.
        training: The training as a whole.
        circumstances: How the network is wired, what it is fed, what is trained, from its graph.
        non_finite: First non-finite values, earliest first; empty when all was finite.
        notes: Sentences a person should know (what could not be seen, and why).
        environment: Versions of Python, framework, operating system.
        schema: Version of this form.
    """

    script: str = ""
    optimizer: str = ""
    loss_function: str = ""
    steps: int = 0
    observed_steps: int = 0
    window_steps: int = 0
    overhead: float = math.nan
    sites: tuple[SiteRecord, ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    training: TrainingSeries = field(default_factory=TrainingSeries)
    circumstances: Circumstances = field(default_factory=Circumstances)
    non_finite: tuple[NonFinite, ...] = ()
    notes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> str:
        """The whole record as JSON text (NaN and infinity as the strings that JSON lacks)."""
        return json.dumps(plain(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInputError: The text is no record, or is from a newer version.
        """
        try:
            data = json.loads(text)
            schema = int(data["schema"])
        except (json.JSONDecodeError, TypeError, KeyError, ValueError) as error:
            raise InvalidInputError(
                f"expected a rectifier record in JSON, got {text[:40]!r}…; write one with "
                "'rectifier run --json FILE SCRIPT'"
            ) from error
        if schema > SCHEMA:
            raise InvalidInputError(
                f"the record has form {schema}, this rectifier reads up to {SCHEMA}; "
                "upgrade rectifier"
            )

        def several(kind: type[Any], name: str) -> tuple[Any, ...]:
            return tuple(build(kind, item) for item in data.get(name, ()))

        sites = tuple(
            build(
                SiteRecord,
                {
                    **site,
                    "series": build(SiteSeries, site["series"]),
                    "unit": build(UnitStatistics, site["unit"]),
                },
            )
            for site in data["sites"]
        )
        return build(
            cls,
            {
                **data,
                "sites": sites,
                "layers": several(LayerRecord, "layers"),
                "training": build(TrainingSeries, data["training"]),
                "circumstances": _circumstances(data.get("circumstances", {})),
                "non_finite": several(NonFinite, "non_finite"),
            },
        )


def _circumstances(data: Mapping[str, Any]) -> Circumstances:
    kinds: Mapping[str, type[Any]] = {
        "heads": Head,
        "joints": Joint,
        "feeds": Feed,
        "attentions": Attention,
        "parameters": ParameterFacts,
        "optimizers": OptimizerFacts,
    }
    parts = {
        name: tuple(build(kind, item) for item in data.get(name, ()))
        for name, kind in kinds.items()
    }
    return build(Circumstances, {**data, **parts})
