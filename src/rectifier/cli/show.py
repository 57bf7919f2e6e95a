"""``rectifier show``: the card of one activation, gated unit or row-wise function."""

from __future__ import annotations

import click

from rectifier.cli.options import STANDARD_OUTPUT, OutputFile, write_json
from rectifier.errors import InvalidInputError


@click.command("show", short_help="Show one activation: formula, derivative, gain, plot.")
@click.argument("name")
@click.option("--html", "html_file", metavar="FILE", type=OutputFile(), help="Write it as a page.")
@click.option("--png", "png_file", metavar="FILE", type=OutputFile(), help="Write its plot.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
@click.option(
    "--depth",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="Tell what N layers do to a signal.",
)
@click.option(
    "--width",
    metavar="N",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    help="Units of each of those layers.",
)
@click.option(
    "--scheme",
    metavar="S",
    default="he_normal",
    show_default=True,
    help="How their weights are drawn.",
)
@click.option(
    "--define",
    "formula",
    metavar="FORMULA",
    help="Show a formula of your own under NAME, such as 'x * sigmoid(1.5 * x)'.",
)
def command(
    name: str,
    html_file: str | None,
    png_file: str | None,
    json_file: str | None,
    depth: int | None,
    width: int,
    scheme: str,
    formula: str | None,
) -> None:
    """Show the activation NAME: formula, derivative, gain, range, properties, source and a plot.

    \b
    Examples:
      rectifier show gelu
      rectifier show mish --html mish.html
      rectifier show gelu --json -
      rectifier show tanh --depth 100 --width 512
      rectifier show swiglu
      rectifier show swash --define "x * sigmoid(1.5 * x)"
    """  # noqa: D301
    import rectifier
    from rectifier.analysis import has_unit_card

    if formula is None and has_unit_card(name):
        if depth is not None:
            raise InvalidInputError(
                f"--depth: {name} is no function of one number, which the theory of deep networks "
                "is about; leave it out."
            )
        _show_unit(name, html_file, png_file, json_file)
        return
    activation = rectifier.get(name) if formula is None else rectifier.define(name, formula)
    card = rectifier.card(activation)
    deep = None
    if depth is not None:
        from rectifier.analysis import propagation

        deep = propagation(activation, depth, width=width, scheme=scheme)
    if json_file is not None:
        data = card.to_dict()
        write_json(json_file, data if deep is None else {**data, "propagation": deep.to_dict()})
    if html_file is not None or png_file is not None:
        from rectifier.report import page

        if html_file is not None:
            page.write_card(html_file, card, deep=deep)
        if png_file is not None:
            page.write_card_png(png_file, card)
    if html_file is None and png_file is None and json_file is None:
        from rectifier.cli.console import console
        from rectifier.report import terminal

        terminal.print_card(card, console(), deep)
    _tell(html_file, png_file, json_file)


def _show_unit(
    name: str, html_file: str | None, png_file: str | None, json_file: str | None
) -> None:
    """The same for a gated unit or a row-wise function."""
    from rectifier.analysis import unit_card

    card = unit_card(name)
    if json_file is not None:
        write_json(json_file, card.to_dict())
    if html_file is not None or png_file is not None:
        from rectifier.report import page

        if html_file is not None:
            page.write_unit(html_file, card)
        if png_file is not None:
            page.write_unit_png(png_file, card)
    if html_file is None and png_file is None and json_file is None:
        from rectifier.cli.console import console
        from rectifier.report import terminal

        terminal.print_unit(card, console())
    _tell(html_file, png_file, json_file)


def _tell(html_file: str | None, png_file: str | None, json_file: str | None) -> None:
    for file in (html_file, png_file, json_file):
        if file is not None and file != STANDARD_OUTPUT:
            click.echo(f"wrote {file}", err=json_file == STANDARD_OUTPUT)
