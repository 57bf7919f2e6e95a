"""rectifier for PyTorch: functions, modules, initialisation, watching and repair.

Layer: front end; the first of its files to be imported, and the only name a user needs:
``import rectifier.torch as rt``. Functions and modules come from the catalog under their own names
(``rt.functional.mish``, ``rt.Mish``). What watches and repairs lives in higher layers and is loaded
when it is first asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from rectifier.optional import require

require("torch", extra="torch", purpose="rectifier.torch")

from rectifier.errors import UnknownNameError  # noqa: E402
from rectifier.torch import functional, modules  # noqa: E402
from rectifier.torch.functional import explain  # noqa: E402
from rectifier.torch.gated import gated  # noqa: E402
from rectifier.torch.modules import (  # noqa: E402
    ActivationModule,
    GatedModule,
    RowwiseModule,
    activation,
)
from rectifier.torch.parameters import parameter_groups  # noqa: E402
from rectifier.torch.rowwise import rowwise  # noqa: E402

if TYPE_CHECKING:
    from rectifier.doctor.repair import repair_model as repair
    from rectifier.policies.continual_backprop import ContinualBackprop as ContinualBackprop
    from rectifier.policies.dead_latents import DeadLatents as DeadLatents
    from rectifier.policies.measures import dormant_ratio as dormant_ratio
    from rectifier.policies.measures import effective_rank as effective_rank
    from rectifier.policies.measures import srank as srank
    from rectifier.policies.redo import ReDo as ReDo
    from rectifier.session import Session as Session
    from rectifier.session import watch as watch
    from rectifier.torch.initialize import InitializedLayer as InitializedLayer
    from rectifier.torch.initialize import init_ as init_
    from rectifier.torch.lean_model import LeanSite as LeanSite
    from rectifier.torch.lean_model import lean_ as lean_
    from rectifier.torch.sparse import SparseLinear as SparseLinear
    from rectifier.torch.sparsify import SparseLayer as SparseLayer
    from rectifier.torch.sparsify import sparsify as sparsify
    from rectifier.torch.swap import swap as swap

_HOME = {
    "ContinualBackprop": ("rectifier.policies.continual_backprop", "ContinualBackprop"),
    "DeadLatents": ("rectifier.policies.dead_latents", "DeadLatents"),
    "ReDo": ("rectifier.policies.redo", "ReDo"),
    "dormant_ratio": ("rectifier.policies.measures", "dormant_ratio"),
    "effective_rank": ("rectifier.policies.measures", "effective_rank"),
    "srank": ("rectifier.policies.measures", "srank"),
    "InitializedLayer": ("rectifier.torch.initialize", "InitializedLayer"),
    "LeanSite": ("rectifier.torch.lean_model", "LeanSite"),
    "Session": ("rectifier.session", "Session"),
    "SparseLayer": ("rectifier.torch.sparsify", "SparseLayer"),
    "SparseLinear": ("rectifier.torch.sparse", "SparseLinear"),
    "init_": ("rectifier.torch.initialize", "init_"),
    "lean_": ("rectifier.torch.lean_model", "lean_"),
    "repair": ("rectifier.doctor.repair", "repair_model"),
    "sparsify": ("rectifier.torch.sparsify", "sparsify"),
    "swap": ("rectifier.torch.swap", "swap"),
    "watch": ("rectifier.session", "watch"),
}
"""Names that other files bring, by the module and the name there; loaded when first asked for."""

__all__ = [
    "ActivationModule",
    "ContinualBackprop",
    "DeadLatents",
    "GatedModule",
    "InitializedLayer",
    "LeanSite",
    "ReDo",
    "RowwiseModule",
    "Session",
    "SparseLayer",
    "SparseLinear",
    "activation",
    "dormant_ratio",
    "effective_rank",
    "explain",
    "functional",
    "gated",
    "init_",
    "lean_",
    "modules",
    "parameter_groups",
    "repair",
    "rowwise",
    "sparsify",
    "srank",
    "swap",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        home, inner = _HOME[name]
        value = getattr(importlib.import_module(home), inner)
        globals()[name] = value
        return value
    if name[:1].isupper() and hasattr(modules, name):
        return getattr(modules, name)
    if importlib.util.find_spec(f"{__name__}.{name}") is not None:
        raise AttributeError(name)  # an import asks so before it loads a file: no names are needed
    known = [*__all__, *modules.class_names()]
    nearest = str(UnknownNameError("name", name, known)) if not name.startswith("_") else ""
    raise AttributeError(f"module 'rectifier.torch' has no attribute {name!r}: {nearest}")


def __dir__() -> list[str]:
    return sorted({*__all__, *modules.class_names()})
