"""``rectifier bench``: what it prints and what it refuses."""

from __future__ import annotations

import json

import pytest

from rectifier.cli.main import run_command
from rectifier.kernels import native

pytest.importorskip("torch")


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
def test_the_table_and_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--size", "2000", "--rounds", "1"]
    assert run_command(["bench", "gelu", "smu", *small]) == 0
    printed = capsys.readouterr().out
    assert "2,000 elements of float32" in printed
    assert [line.split()[0] for line in printed.splitlines()[-3:]] == ["gelu", "smu", "geometric"]
    assert run_command(["bench", "GELU", "--dtype", "bfloat16", *small, "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["dtype"] == "bfloat16"
    assert [(row["name"], row["pass"]) for row in found["rows"]] == [
        ("gelu", "forward"),
        ("gelu", "backward"),
    ]
    for row in found["rows"]:
        assert row["of_memory"] == pytest.approx(row["ns"]["rectifier"] / row["ns"]["memory"])
        assert row["speed_up"] == pytest.approx(row["ns"]["torch"] / row["ns"]["rectifier"])


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gleu"], "gelu"),
        (["--dtype", "int8"], "kernels are compiled for"),
        (["--size", "0"], "must be 1 or more"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
def test_without_fused_multiply_add_it_says_what_is_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(native, "element_types", lambda: ("float32", "bfloat16", "float16"))
    assert run_command(["bench", "relu", "--dtype", "float64"]) == 2
    assert "fused multiply-add" in capsys.readouterr().err
    assert run_command(["bench", "relu", "--size", "2000", "--rounds", "1"]) == 0
    assert "compute in double" in capsys.readouterr().out


def test_without_kernels_there_is_nothing_to_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(native.SWITCH, "0")
    assert run_command(["bench"]) == 2
    assert native.SWITCH in capsys.readouterr().err
