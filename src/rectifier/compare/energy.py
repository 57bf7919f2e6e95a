"""Energy of the processor: read where the machine lets one, else estimated and so marked.

Layer: compare, standard library only. On Linux, Intel and AMD processors count the energy of the
package in microjoules (RAPL, in /sys/class/powercap); since 2020 reading it mostly takes root's
rights. The counter is of the whole package, so what else the machine does is in it.
"""

from __future__ import annotations

from pathlib import Path

WATTS = 15.0
"""Taken for one busy core where nothing can be read: 10 to 20 W are usual for servers."""

_ZONES = Path("/sys/class/powercap")


def _counters(zones: Path = _ZONES) -> list[Path]:
    """One counter for each package that can be read."""
    found = []
    for zone in sorted(zones.glob("intel-rapl:*")):
        counter = zone / "energy_uj"
        if zone.name.count(":") == 1:
            try:
                int(counter.read_text(encoding="ascii"))
            except (OSError, ValueError):
                continue
            found.append(counter)
    return found


def readable(zones: Path = _ZONES) -> bool:
    """Whether energy is measured here."""
    return bool(_counters(zones))


class Meter:
    """Counts from when it is made.

    Args:
        zones: Where the counters are.
    """

    def __init__(self, zones: Path = _ZONES) -> None:
        self._counters = _counters(zones)
        self._first = [self._read(counter) for counter in self._counters]

    def joules(self) -> float:
        """Energy since then; 0 where nothing can be read."""
        total = 0
        for counter, first in zip(self._counters, self._first, strict=True):
            gone = self._read(counter) - first
            if gone < 0:  # it has wrapped round
                limit = (counter.parent / "max_energy_range_uj").read_text(encoding="ascii")
                gone += int(limit)
            total += gone
        return total / 1e6

    @staticmethod
    def _read(counter: Path) -> int:
        return int(counter.read_text(encoding="ascii"))
