"""``rectifier train``: bad numbers are refused before anything runs."""

from __future__ import annotations

import pytest

from rectifier.cli.main import run_command


@pytest.mark.parametrize("given", [("--rate", "-1"), ("--rate", "0"), ("--seed", "-1")])
def test_numbers_out_of_range(given: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", "mlp", "--steps", "2", *given]) == 2
    error = capsys.readouterr().err
    assert given[0] in error
    assert "not in the range" in error
