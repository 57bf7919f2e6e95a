"""Every example runs, in small, and says what it is there to say."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def call(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return call


def test_relu_from_scratch(run) -> None:
    out = run("relu_from_scratch", "--steps", "300")
    error = float(re.search(r"differences: (\S+)", out)[1])
    assert error < 1e-8
    assert float(re.search(r"accuracy (\S+),", out)[1]) > 0.9


def test_relu_or_sigmoid(run) -> None:
    out = run("relu_or_sigmoid", "--seeds", "1", "--depth", "4")
    assert float(re.search(r"takes (\S+) times", out)[1]) > 1.0


def test_dead_units(run) -> None:
    out = run("dead_units", "--steps", "60")
    sick, recycled, sane = (
        int(share) for share in re.findall(r"(\d+)%(?: of the units are| dead)", out)
    )
    assert sick > 50
    assert recycled < sick / 2
    assert sane < 20
    assert "dying_relu" in out


def test_variants(run) -> None:
    out = run("variants", "--seeds", "1", "--steps", "60")
    rows = {line.split()[0]: line.split() for line in out.splitlines()[1:-1]}
    assert len(rows) == 7
    assert all(float(row[2]) > 0.8 for row in rows.values())
    zeros = {name: int(row[4].rstrip("%")) for name, row in rows.items()}
    assert zeros.pop("relu") > 20
    assert not any(zeros.values()), "only ReLU cuts to exactly zero"
    assert float(rows["elu"][5]) < float(rows["relu"][5]), "ELU's mean is nearer to zero"


def test_he_and_batch_norm(run) -> None:
    out = run("he_and_batch_norm", "--depth", "12", "--steps", "40")
    assert "he_normal: a signal of 1 becomes 1.0e+00" in out
    assert "lecun_normal: a signal of 1 becomes 2.4e-04" in out
    assert out.count("loss") == 4


def test_layerwise_mix(run) -> None:
    out = run("layerwise_mix", "--seeds", "1", "--steps", "60")
    assert re.search(r"other seeds: [+-]\d+\.\d points", out)


def test_new_activation(run) -> None:
    out = run("new_activation", "--seeds", "2", "--epochs", "2")
    assert "monotone: False" in out
    assert "bent_relu" in out.partition("variance")[2]


def test_every_example_is_run_here_or_has_a_test_of_its_own() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    others = "".join(
        file.read_text(encoding="utf-8")
        for file in Path(__file__).parent.glob("test_*.py")
        if file.name != Path(__file__).name
    )
    for example in FOLDER.glob("*.py"):
        assert f'"{example.stem}"' in tested or f"{example.stem}" in others, example.name
