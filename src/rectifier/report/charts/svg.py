"""A drawn figure as a lean, themed, accessible inline SVG.

For `rectifier.report.charts`. A figure is drawn in stand-in colours, each of which means a role
(ink, grid, third series); here every stand-in becomes a CSS variable, so that one picture serves
light, dark and print. Text stays text. Identifiers get the page's prefix, since two charts on one
page would otherwise share clip paths.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from rectifier.report import wording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROLES = {
    "ink": "#010203",
    "soft": "#010204",
    "grid": "#010205",
    "paper": "#010206",
    "alive": "#010207",
    "dead": "#010208",
    "before": "#010209",
    "after": "#01020a",
    **{f"s{place}": f"#0102{place + 15:02x}" for place in range(1, 9)},
}
"""Stand-in colours; the page's style sheet gives each role its light and its dark value."""

MARK = "\ue000"
"""Stands for the page's prefix in identifiers; a character that no text uses."""

_VARIABLES = {color: f"var(--{role})" for role, color in ROLES.items()}


@dataclass(frozen=True)
class Chart:
    """A picture with the words that stand for it.

    Attributes:
        title: What it shows, in a few words.
        description: What a reader who cannot see it should know, with numbers.
        body: The SVG, with `MARK` before each identifier.
    """

    title: str
    description: str
    body: str

    def inline(self, prefix: str) -> str:
        """The SVG for a page, all identifiers beginning with a prefix unique on that page."""
        return self.body.replace(MARK, prefix)


def finish(figure: Figure, title: str, description: str) -> Chart:
    """Turn a drawn figure into a chart; call within the `style` that it was drawn in."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    title, description = wording.clean(title), wording.clean(description)
    return Chart(title, description, _lean(buffer.getvalue(), title, description))


def _lean(svg: str, title: str, description: str) -> str:
    """Matplotlib's SVG without what a page does not need, with names for those who listen."""
    root = ElementTree.fromstring(svg)
    view = root.get("viewBox", "0 0 470 250")
    root.attrib.clear()
    root.attrib.update(
        {"viewBox": view, "width": view.split()[2], "height": view.split()[3]},
        **{"role": "img", "class": "chart"},
        **{"aria-labelledby": f"{MARK}t {MARK}d"},
    )
    used = {
        name
        for element in root.iter()
        for value in element.attrib.values()
        for name in re.findall(r"^#(.+)$|url\(#([^)]+)\)", value)
        for name in name
    }
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = dict(_attributes(element.attrib, used))
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        named = ElementTree.Element(tag, {"id": MARK + tag[0]})
        named.text = text.replace(MARK, "")
        root.insert(place, named)
    return ElementTree.tostring(root, encoding="unicode")


def _attributes(attributes: dict[str, str], used: set[str]) -> Iterator[tuple[str, str]]:
    """Attributes in roles for colours, the page's prefix, and coordinates to a hundredth."""
    for name, value in attributes.items():
        plain = name.rpartition("}")[2]
        if plain == "id":
            if value in used:
                yield "id", MARK + value
            continue
        if plain == "href" and value.startswith("#"):
            value = f"#{MARK}{value[1:]}"
        elif plain == "href":
            value = "".join(value.split())
        elif plain == "style":
            value = _themed(value)
        elif plain in ("d", "points", "x", "y", "x1", "y1", "x2", "y2"):
            value = re.sub(r"(\.\d\d)\d+", r"\1", value)
        yield plain, value.replace("url(#", f"url(#{MARK}")


def _themed(declarations: str) -> str:
    """A style with roles for colours and the page's own typeface."""
    kept = []
    for declaration in declarations.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = re.search(r"[\d.]+px", value)
            name, value = "font-size", size[0] if size else "11px"
        if name in ("font-family", ""):
            continue
        kept.append(f"{name}:{_VARIABLES.get(value, value)}")
    return ";".join(kept)
