"""``rectifier show``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rectifier import gain
from rectifier.cli.main import run_command


def test_card_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "mish"]) == 0
    out = capsys.readouterr().out
    assert f"{gain('mish'):.4f}" in out
    assert "arxiv.org/abs/1908.08681" in out
    assert "\x1b" not in out, "colour codes in a pipe"


def test_alias_finds_the_definition(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "gelu_new"]) == 0
    assert capsys.readouterr().out.lstrip().startswith("gelu_tanh")


def test_page_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, picture = tmp_path / "card.html", tmp_path / "card.png"
    assert run_command(["show", "elu", "--html", str(page), "--png", str(picture)]) == 0
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.count("wrote") == 2


def test_a_formula_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "swash", "--define", "x * sigmoid(1.5 * x)"]) == 0
    assert "sigmoid(1.5 * x)" in capsys.readouterr().out


def test_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "relu6", "--json", "-", "--png", str(tmp_path / "a.png")]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["range"] == [0.0, 6.0]
    assert data["zero_gradient"] == [["-Infinity", 0.0], [6.0, "Infinity"]]
    assert data["smoothness"] == 0
    assert err.startswith("wrote")


def test_depth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "relu", "--depth", "30", "--width", "4"]) == 0
    out = capsys.readouterr().out
    assert "Through 30 layers of 4 units, he_normal" in out
    assert "86 %" in out, "1 - (1 - 2**-4)**30 of the networks are born dead"
    assert "Variance stays where it is" in out
    page, data = tmp_path / "card.html", tmp_path / "card.json"
    files = ["--html", str(page), "--json", str(data)]
    assert run_command(["show", "tanh", "--depth", "12", "--scheme", "lecun", *files]) == 0
    text = page.read_text(encoding="utf-8")
    assert "Through 12 layers of 1024 units, lecun_normal" in text
    assert "Correlation between two inputs" in text
    deep = json.loads(data.read_text(encoding="utf-8"))["propagation"]
    assert len(deep["variance"]) == 13
    assert deep["stability"] == "attracting"
    assert run_command(["show", "relu", "--depth", "3", "--scheme", "identity"]) != 0
    assert "theory of wide layers" in capsys.readouterr().err


def test_gated_and_row_wise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "swiglu"]) == 0
    out = capsys.readouterr().out
    assert "the last half gates" in out
    assert "∂f/∂gate" in out
    assert "arxiv.org/abs/2002.05202" in out
    assert run_command(["show", "Softmax"]) == 0
    out = capsys.readouterr().out
    assert "y_i (δ_ij − y_j)" in out
    assert "depends on how long the row is" in " ".join(out.split())
    page, picture = tmp_path / "a.html", tmp_path / "a.png"
    files = ["--html", str(page), "--png", str(picture), "--json", "-"]
    assert run_command(["show", "topk", *files]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["options"]["k"]["default"] is None
    assert err.count("wrote") == 2
    assert "one of the k largest" in page.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run_command(["show", "glu", "--depth", "3"]) != 0
    assert "no function of one number" in capsys.readouterr().err


def test_who_else_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", "silu"]) == 0
    assert "torch.nn: SiLU" in capsys.readouterr().out
