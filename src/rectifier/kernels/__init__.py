"""How an activation is computed: compiled in one pass, composed, or by the framework itself.

Layer: above `rectifier.catalog`, below the front ends. `choose` decides and can say why
(`explain`); `native` calls the compiled kernels; `emit_cpp` prints the C++ that they are compiled
from. What an activation *is* stays in the catalog.
"""

from __future__ import annotations

from rectifier.kernels.choose import Explanation, explain

__all__ = ["Explanation", "explain"]
