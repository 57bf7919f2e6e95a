from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from rectifier import analysis, catalog
from rectifier.report import terminal
from rectifier.report.terminal.plot import curve
from rectifier.report.terminal.screen import to_encoding
from rectifier.watch.record import Record

Make = Callable[..., Any]
WIDTHS = pytest.mark.parametrize("width", [40, 80, 140])


def shown(print_it: Callable[..., None], *args: Any, width: int = 80, tty: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=tty, color_system="standard" if tty else "auto"
    )
    print_it(*args, console)
    return file.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


@WIDTHS
def test_run_tells_the_key_facts(record: Record, findings: Any, width: int) -> None:
    text = words(shown(terminal.print_run, record, findings, width=width))
    for fact in ("features.0.relu", "net.py:41", "61 %", "ERROR", "WARNING", "NOTE", "step 41",
                 "1. Lower learning rate from 0.5 to 0.05", "not watched"):  # fmt: skip
        assert fact in text


@WIDTHS
def test_no_line_is_wider_than_the_console(
    record: Record, findings: Any, repair: Any, comparison: Any, width: int
) -> None:
    if width < 80:
        pytest.skip("tables of figures need 80 columns")
    text = shown(terminal.print_run, record, findings, width=width)
    text += shown(terminal.print_repair, repair, width=width)
    text += shown(terminal.print_comparison, comparison, width=width)
    text += shown(terminal.print_card, analysis.card("mish"), width=width)
    text += shown(terminal.print_list, catalog.all_activations(), width=width)
    assert max(len(line) for line in text.split("\n")) <= width


def test_piped_output_is_plain(record: Record, findings: Any, repair: Any) -> None:
    text = shown(terminal.print_run, record, findings) + shown(terminal.print_repair, repair)
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.split("\n"))


def test_a_terminal_gets_colour_unless_it_asks_not_to(
    record: Record, findings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31mERROR" in shown(terminal.print_run, record, findings, tty=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in shown(terminal.print_run, record, findings, tty=True)


def test_repair_tells_verdict_proof_and_patch(repair: Any) -> None:
    text = words(shown(terminal.print_repair, repair))
    for fact in ("REPAIRED", "from 61 % to 2 %", "kept", "dropped", "2 reruns in 25.0 s",
                 "dead units, features.0.relu 59 % 1.6 % −58 points", "accuracy (printed)",
                 "-optimizer = torch.optim.SGD(model.parameters(), lr=0.5)"):  # fmt: skip
        assert fact in text


def test_settings_that_are_printed_again_and_again_are_not_compared(repair: Any) -> None:
    printed = {"port": (153.0, 153.0), "accuracy": (0.25, 0.25), "gap": (math.nan, math.nan)}
    tried = [
        replace(attempt, run=replace(attempt.run, metrics=printed)) for attempt in repair.attempts
    ]
    before = replace(repair.before, metrics=printed)
    text = shown(terminal.print_repair, replace(repair, before=before, attempts=tuple(tried)))
    assert "port" not in text
    assert "accuracy (printed)" in text
    assert "gap (printed)" in text


def test_repair_that_did_not_help(make: Make) -> None:
    repair = make("repair", chosen=None, verdict="not repaired", patch="")
    text = shown(terminal.print_repair, repair)
    assert "NOT REPAIRED" in text
    assert "Before and after" not in text
    assert "kept" not in text


def test_healthy_script(make: Make) -> None:
    run = replace(make("run", 0.0), findings=())
    repair = make("repair", before=run, attempts=(), chosen=None, verdict="healthy", patch="")
    assert "HEALTHY" in shown(terminal.print_repair, repair)


def test_comparison_tells_every_column(comparison: Any) -> None:
    text = words(shown(terminal.print_comparison, comparison))
    for fact in ("97.6 [97.3, 97.9]", "410 µs", "no difference", "worse", "0.03*",
                 "Take mish, silu or gelu", "end of the grid"):  # fmt: skip
        assert fact in text
    wide = words(shown(terminal.print_comparison, comparison, width=140))
    assert "to leader" in wide
    assert "8/8" in wide


def test_comparison_where_all_failed(make: Make) -> None:
    rows = tuple(make("failed_row", name) for name in ("relu", "mish"))
    text = shown(terminal.print_comparison, make("comparison", rows=rows, recommended=()))
    assert "relu: 8 of 8 seeds failed" in text
    assert text.replace("seeds failed", "").count("failed") == 2
    assert "nan" not in text


@pytest.mark.parametrize("name", ["identity", "pau", "relu", "selu", "smu", "tanh"])
def test_cards_print(name: str) -> None:
    card = analysis.card(name)
    text = shown(terminal.print_card, card)
    assert card.source.title.split()[0] in text
    assert "gain" in text
    assert "nan" not in text.split()


def test_list_has_all(comparison: Any) -> None:
    text = shown(terminal.print_list, catalog.all_activations())
    for name in catalog.names():
        assert f"\n{name} " in text


@pytest.mark.parametrize("steps", [0, 1])
def test_next_to_nothing(make: Make, steps: int) -> None:
    text = shown(terminal.print_run, make("record", sites=0, steps=steps), ())
    assert "Findings: none" in text
    assert "nothing to judge" in shown(terminal.print_run, Record(), ())


def test_unknown_figures_are_dashes_not_zero(make: Make) -> None:
    site = make("site", units=0, steps=0)
    text = words(shown(terminal.print_run, replace(make("record", sites=0), sites=(site,)), ()))
    assert "relu 0 – – – –" in text


def test_names_are_shown_and_not_obeyed(make: Make) -> None:
    text = shown(terminal.print_run, make("hostile_record"), (), tty=True, width=140)
    assert "[bold]" in text
    assert "\x1b[31m名" not in text
    assert "\u202e" not in text


def test_many_sites_are_cut_and_said(make: Make) -> None:
    sites = tuple(make("site", f"block.{n}", order=n, units=4, steps=3) for n in range(300))
    text = shown(terminal.print_run, replace(make("record", sites=0), sites=sites), ())
    assert "… and 260 more" in text


def test_encoding_without_our_signs() -> None:
    assert to_encoding("−4.2 → ∞ 名 ─ µs", "ascii") == "-4.2 > inf ? - us"
    assert to_encoding("−4.2", "utf-8") == "−4.2"


def test_ascii_terminal(record: Record, findings: Any, repair: Any, comparison: Any) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(file=file, width=80)
    terminal.print_run(record, findings, console)
    terminal.print_repair(repair, console)
    terminal.print_comparison(comparison, console)
    terminal.print_card(analysis.card("mish"), console)
    file.flush()
    text = raw.getvalue().decode("ascii")
    assert "-0.309" in text
    assert "*" in text


def test_curve_is_a_picture() -> None:
    x = [v / 10 for v in range(-50, 51)]
    lines = curve(x, [max(v, 0.0) for v in x], width=40, height=8).split("\n")
    assert len(lines) == 9
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("5 ")
    assert lines[7].startswith("0 ")
    # Flat on the left, up to the right corner.
    assert lines[0].rstrip()[-1] > "\u2800"
    assert not any(c > "\u2800" for c in lines[0][:30])


@pytest.mark.parametrize(
    "y", [[math.nan] * 3, [1.0, math.nan, math.inf], [2.0, 2.0, 2.0], [0.0] * 3]
)
def test_curve_of_odd_values(y: list[float]) -> None:
    text = curve([0.0, 0.0, 0.0], y)
    assert bool(text) == any(map(math.isfinite, y))
