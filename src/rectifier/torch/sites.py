"""The one interception layer: every place where an unmodified program applies an activation.

Layer: torch front end. `Interception` sees modules, ``F.*``, ``torch.*``, methods, in-place calls
and spellings such as ``clamp(min=0)`` in code that was never changed, gives each place a stable
name (`Site`), and tells its `Observer`s. Watching, swapping, repairing and measuring sparsity all
go through it. What to do with a site is left to them.

Its pieces: `forms` (which calls are activations), `feeding` (which layer feeds a tensor), `naming`
(paths and source lines), `observer` (what both sides share), `interception` (the hooks).

Example:
    >>> import torch
    >>> from torch import nn
    >>> from rectifier.torch import sites
    >>> model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    >>> [(site.name, site.function, site.layer) for site in sites.trace(model, torch.ones(1, 3))]
    [('1', 'relu', '0')]
"""

from __future__ import annotations

from rectifier.torch.feeding import Layer
from rectifier.torch.interception import Interception
from rectifier.torch.observer import Observer, Site, Sleep
from rectifier.torch.tracing import trace

__all__ = ["Interception", "Layer", "Observer", "Site", "Sleep", "trace"]
