"""``rectifier bench``: this machine's kernel table, side by side with the framework's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from rectifier.cli.options import OutputFile, write_json

if TYPE_CHECKING:
    from rectifier.torch.timing import Row


@click.command("bench", short_help="Time the kernels on this machine.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--size", default=1 << 20, show_default=True, help="Elements of each tensor.")
@click.option("--threads", type=int, help="Threads; PyTorch's own choice unless given.")
@click.option("--rounds", default=9, show_default=True, help="Counted rounds of each row.")
@click.option(
    "--dtype", default="float32", show_default=True, help="Or float64, bfloat16, float16."
)
@click.option("--allocate", is_flag=True, help="Make each result anew instead of reusing a buffer.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="As JSON; - for stdout."
)
def command(
    names: tuple[str, ...],
    size: int,
    threads: int | None,
    rounds: int,
    dtype: str,
    allocate: bool,
    json_file: str | None,
) -> None:
    """Time the compiled kernels beside PyTorch's operations and plain memory traffic.

    Without a NAME, all activations that PyTorch has too. Figures are the least over the rounds,
    in nanoseconds per element; everything in a row was measured in turn, in one run.
    """
    from rectifier import catalog
    from rectifier.errors import InvalidInputError, KernelUnavailableError
    from rectifier.kernels import native
    from rectifier.optional import require

    torch = require("torch", extra="torch", purpose="timing kernels beside PyTorch")
    from rectifier.torch import timing

    if not native.available():
        raise KernelUnavailableError(f"there is nothing to time: {native.why_not()}.")
    if dtype not in native.DTYPES:
        raise InvalidInputError(f"kernels are compiled for {', '.join(native.DTYPES)}; got {dtype}")
    if dtype not in native.element_types():
        raise KernelUnavailableError(f"there is nothing to time: {native.obstacle('relu', dtype)}.")
    if size < 1 or rounds < 1 or (threads is not None and threads < 1):
        raise InvalidInputError("--size, --rounds and --threads must be 1 or more.")
    if threads is not None:
        torch.set_num_threads(threads)
    wanted = [catalog.get(name).name for name in names] or list(timing.OPPONENTS)
    found: list[Row] = []
    if json_file != "-":
        click.echo(f"{timing.machine()}\n{size:,} elements of {dtype}, ns per element\n")
        if "float64" not in native.element_types():
            click.echo(f"{_NO_FUSED}\n")
        click.echo(_HEAD)
    for name in wanted:
        pair = timing.rows(name, size, getattr(torch, dtype), rounds, allocate)
        found.extend(pair)
        if json_file != "-":
            click.echo(_line(pair))
    if json_file != "-":
        click.echo(_means(found))
    if json_file is not None:
        rows = [
            {
                "name": row.name,
                "pass": "backward" if row.backward else "forward",
                "ns": dict(row.ns),
                "of_memory": row.of_memory,
                "speed_up": row.speed_up,
            }
            for row in found
        ]
        head = {"schema": 1, "machine": timing.machine(), "elements": size, "dtype": dtype}
        write_json(json_file, {**head, "threads": torch.get_num_threads(), "rows": rows})


_NO_FUSED = (
    "This processor has no fused multiply-add: kernels of float compute in double, which takes "
    "several times as long as in float."
)
_COLUMNS = f"{'torch':>8}{'ours':>8}{'speed-up':>10}"
_HEAD = (
    f"{'':22}{'forward':>38}   {'backward':>38}\n"
    f"{'':22}{_COLUMNS}{'of a copy':>12}   {_COLUMNS}{'of a + b':>12}"
)


def _line(pair: Sequence[Row]) -> str:
    """One activation's row of the table."""
    parts = []
    for row in pair:
        torch = f"{row.ns['torch']:8.3f}" if "torch" in row.ns else f"{'–':>8}"
        faster = f"{row.speed_up:9.2f}x" if row.speed_up else f"{'–':>10}"
        parts.append(f"{torch}{row.ns['rectifier']:8.3f}{faster}{row.of_memory:11.2f}x")
    return f"{pair[0].name:22}" + "   ".join(parts)


def _means(found: Sequence[Row]) -> str:
    """The geometric means over all rows."""
    from rectifier.torch.timing import geometric_mean

    parts = []
    for backward in (False, True):
        rows = [row for row in found if row.backward == backward]
        faster = geometric_mean([row.speed_up for row in rows if row.speed_up])
        shown = f"{faster:9.2f}x" if faster == faster else f"{'–':>10}"
        slower = geometric_mean([row.of_memory for row in rows])
        parts.append(f"{'':16}{shown}{slower:11.2f}x")
    return f"{'geometric mean':22}" + "   ".join(parts)
