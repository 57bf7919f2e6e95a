"""The group of commands, and what every command shares: errors, interrupts, exit statuses.

Exit statuses: 0 all well; 1 the command ran and its answer is bad news (a repair that did not
succeed, findings at or above ``--fail-on``); 2 wrong usage or bad input; 130 interrupted.
``rectifier run`` otherwise exits as the script itself does.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import click

from rectifier import __version__
from rectifier.errors import RectifierError

COMMANDS = {
    "run": "Run a training script and say what is wrong with it.",
    "repair": "Find what ails a training script, cure it, prove it.",
    "compare": "Compare activations fairly on a task.",
    "data": "List the tasks to compare on; fetch their data.",
    "store": "Merge stores of trials, or export one.",
    "claims": "Is what is said of ReLU true? 44 claims, measured.",
    "advise": "Which activation for this case, and what goes with it.",
    "train": "Train one of the built-in networks, watched.",
    "list": "List the activations.",
    "show": "Show one activation: formula, gain, properties, plot.",
    "bench": "Time the kernels on this machine, beside PyTorch.",
}

EPILOG = """\b
Examples:
  rectifier repair examples/digits_dying.py     why does this not learn, and what cures it
  rectifier run --html report.html train.py     watch train.py, leave a page with charts
  rectifier compare --activations relu,gelu     is one of them really better on digits
  rectifier show mish                           all about one activation

Every command explains itself with --help."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they are taught."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        if ctx.resilient_parsing or not ctx.meta.get("rectifier.listing"):
            module = importlib.import_module(f"rectifier.cli.{cmd_name}")
            command: click.Command = module.command
            return command
        return click.Command(cmd_name, help=COMMANDS[cmd_name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        ctx.meta["rectifier.listing"] = True
        super().format_commands(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets the nearest names."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from rectifier.errors import UnknownNameError

            raise click.UsageError(str(UnknownNameError("command", args[0], COMMANDS)), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="rectifier")
def cli() -> None:
    """Activation functions you can trust: use, watch, repair and compare them."""


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``rectifier`` on the command line; None: this process's own.

    Returns:
        The exit status.
    """
    try:
        status = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="rectifier",
            standalone_mode=False,
        )
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.Abort:
        click.echo("rectifier: interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RectifierError as error:
        click.echo(f"rectifier: {error}", err=True)
        return 2
    except KeyboardInterrupt:
        click.echo("rectifier: interrupted", err=True)
        return 130
    return status if isinstance(status, int) else 0
