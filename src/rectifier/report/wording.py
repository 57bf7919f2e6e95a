"""How numbers, places and rule ids read to a person; shared by terminal and page.

For the report layer; standard library only. Everything returns plain text: colour and escaping are
left to whoever draws. A number that is not known reads as a dash, never as 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from rectifier.doctor.finding import Finding, Remedy

UNKNOWN = "–"
_SHARES = frozenset(
    ("dead", "born_dead", "dormant", "silent", "sparsity", "saturated", "zero_gradient", "share")
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue000\ufffe\uffff]"
)


def clean(text: object) -> str:
    """A name of unknown origin on one line, without what could steer a terminal or hide text."""
    return " ".join(clean_lines(text).split("\n")).replace("\t", " ")


def clean_lines(text: object) -> str:
    """Like `clean` for text of several lines, which stay."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text).replace("\r\n", "\n"))


def shorten(text: str, width: int) -> str:
    """Cut from the middle, since both ends of a module path tell something.

    Example:
        >>> shorten("encoder.layers.11.linear1.relu", 16)
        'encoder.…r1.relu'
    """
    if len(text) <= width:
        return text
    head = width // 2
    return text[:head] + "…" + text[len(text) - (width - head - 1) :]


def number(value: float | None, digits: int = 3) -> str:
    """A number with that many significant digits.

    Example:
        >>> number(0.0000012345), number(1234567.0), number(float("nan")), number(-0.5)
        ('1.23e-6', '1.23e6', '–', '−0.5')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 10**6:
        return f"{int(value)}".replace("-", "−")
    if 1000 <= abs(value) < 10**6:
        return f"{value:.0f}".replace("-", "−").replace("1000000", "1e6")
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa}e{int(exponent)}"
    return re.sub(r"^-", "−", text)


def percent(share: float | None, digits: int | None = None) -> str:
    """A share of one as per cent: whole numbers, one decimal below 10 % and above 90 %.

    Example:
        >>> percent(0.614), percent(0.031), percent(0.0), percent(1.0), percent(0.9996)
        ('61 %', '3.1 %', '0 %', '100 %', '99.9 %')
    """
    if share is None or not math.isfinite(share):
        return UNKNOWN
    if digits is not None:
        return f"{100 * share:.{digits}f} %".replace("-", "−")
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if 0.095 <= share <= 0.905:
        return f"{100 * share:.0f} %"
    # All but one of 4096 units is not "100 %", and one of them is not "0 %".
    tenths = min(max(round(1000 * share), 1), 999) if 0 < share < 1 else round(1000 * share)
    return f"{tenths / 10:.1f} %".replace("-", "−")


def duration(seconds: float | None) -> str:
    """A time with its fitting unit.

    Example:
        >>> duration(0.00042), duration(0.031), duration(7.25), duration(192.0)
        ('420 µs', '31 ms', '7.2 s', '3 min 12 s')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds <= 0:
        return "0 s"
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if seconds < limit:
            scaled = seconds * factor
            return f"{scaled:.{0 if scaled >= 9.95 else 1}f} {unit}"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def is_percentage(metric: str) -> bool:
    """Whether a score of this name is a share of one that people read in per cent."""
    return "accuracy" in metric.lower()


def score(value: float | None, metric: str) -> str:
    """A score in the unit in which people read it, without the unit's sign."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{100 * value:.1f}" if is_percentage(metric) else number(value, 4)


def difference(value: float | None, metric: str) -> str:
    """A difference of scores, signed; in points where the score is in per cent."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{100 * value:+.1f}" if is_percentage(metric) else f"{value:+.3g}"
    return text.replace("-", "−")


def sentences(text: str) -> tuple[str, str]:
    """The first sentence of a text, and the others.

    Example:
        >>> sentences("Take relu. It is 0.3 points better.")
        ('Take relu.', 'It is 0.3 points better.')
    """
    first, *rest = re.split(r"(?<=[.!?])\s+", clean(text).strip(), maxsplit=1)
    return first, rest[0] if rest else ""


def count(amount: int, singular: str, plural: str = "") -> str:
    """An amount with its noun: ``1 site``, ``3 sites``."""
    return f"{amount} {singular if amount == 1 else plural or singular + 's'}"


def plain(value: Any) -> str:
    """Any setting as a short text."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(float(value), 7) if abs(value) < 10**15 else str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, Mapping) and "name" in value:
        return plain(value["name"])
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    return clean(value)


def title(identifier: str) -> str:
    """An id as words: ``learning_rate_too_high`` becomes Learning rate too high."""
    words = clean(identifier).replace("_", " ")
    words = re.sub(r"\brelu\b", "ReLU", words)
    return words[:1].upper() + words[1:]


def evidence(finding: Finding) -> tuple[tuple[str, str], ...]:
    """The numbers that a finding rests on, as pairs of words and value."""
    return tuple(
        (title(name), _evidence_value(name, value)) for name, value in finding.evidence.items()
    )


def _evidence_value(name: str, value: Any) -> str:
    share = name in _SHARES or name.endswith(("_share", "_fraction")) or name.startswith("share_")
    if share and isinstance(value, int | float) and 0 <= value <= 1:
        return percent(float(value))
    return plain(value)


def place(finding: Finding) -> tuple[str, ...]:
    """Where and when a finding showed: layer, site if it says more, file and line, first step."""
    parts = []
    if finding.layer:
        parts.append(f"layer {clean(finding.layer)}")
    if finding.site and finding.site != finding.layer:
        parts.append(f"site {clean(finding.site)}")
    if finding.source:
        parts.append(clean(finding.source))
    if finding.first_step >= 0:
        parts.append(f"step {finding.first_step}")
    return tuple(parts)


def remedy(action: Remedy) -> str:
    """What to do, in words: ``Lower learning rate from 0.5 to 0.05``."""
    settings = dict(action.settings)
    text = title(action.action)
    if "from" in settings:
        text += f" from {plain(settings.pop('from'))}"
    if "to" in settings:
        text += f" to {plain(settings.pop('to'))}"
    if settings.get("cap"):
        text += " at most"
    # a mean for each feature, or a way of acting, is for the machine
    settings = {k: v for k, v in settings.items() if not isinstance(v, list | tuple | dict | bool)}
    if settings:
        text += " (" + ", ".join(f"{clean(k)}: {plain(v)}" for k, v in settings.items()) + ")"
    return text
