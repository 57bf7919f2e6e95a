"""Templates to HTML: one environment in which everything is cleaned and escaped.

For `rectifier.report.page`. What a script's author named, printed or wrote is untrusted text:
control characters are taken out and the rest is escaped, for every value that a template shows. A
policy in the page's head forbids it all network and every script but our own sorter.
"""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Mapping
from importlib import resources
from typing import Any

from rectifier import __version__
from rectifier.optional import require
from rectifier.report import digest, wording
from rectifier.report.charts.svg import Chart


def render(template: str, **values: Any) -> str:
    """Fill a template.

    Args:
        template: Name of the file in ``templates``.
        values: What it shows.

    Returns:
        The whole page.

    Raises:
        MissingPackageError: jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra="report", purpose="an HTML report")
    markup = require("markupsafe", extra="report", purpose="an HTML report").Markup
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_file),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, markup) else wording.clean_lines(value),
    )
    for name in ("percent", "number", "duration", "title", "count", "plain", "score", "difference"):
        environment.filters[name] = getattr(wording, name)
    drawn: list[Chart] = []

    def draw(chart: Chart) -> Any:
        drawn.append(chart)
        return markup(chart.inline(f"c{len(drawn)}-"))

    script = _file("sort.js")
    environment.globals.update(
        draw=draw,
        digest=digest,
        wording=wording,
        style=markup(_file("style.css")),
        script=markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    page: str = environment.get_template(template).render(**values)
    return page


def _file(name: str) -> str:
    return resources.files("rectifier.report").joinpath("templates", name).read_text("utf-8")


def versions(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a report was made with, for its foot."""
    return {
        "rectifier": __version__,
        **{
            str(name): str(value)
            for name, value in (environment or {"python": platform.python_version()}).items()
        },
    }
