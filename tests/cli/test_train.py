"""``rectifier train``: bad numbers are refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectifier.cli.main import run_command


@pytest.mark.parametrize(
    "given", [("--rate", "-1"), ("--rate", "0"), ("--rate", "nan"), ("--seed", "-1")]
)
def test_numbers_out_of_range(given: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", "mlp", "--steps", "2", *given]) == 2
    error = capsys.readouterr().err
    assert given[0] in error
    assert "not in the range" in error


def test_a_checkpoint_that_has_no_place_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["train", "mlp", "--steps", "2", "--checkpoint", "not/there.pt"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_another_file_is_no_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "net.py"
    other.write_text("x = 1\n")
    options = ["--steps", "2", "--checkpoint", str(other), "--resume"]
    assert run_command(["train", "mlp", *options]) == 2
    assert "no checkpoint of rectifier train" in capsys.readouterr().err
    assert other.read_text() == "x = 1\n"


def test_an_activation_may_be_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "c.pt")
    train = ["train", "mlp", "--steps", "2", "--activation", "x*sigmoid(1.5*x)"]
    assert run_command([*train, "--checkpoint", place]) == 0
    assert "x_times_sigmoid_1p5_times_x" in capsys.readouterr().err
    assert run_command([*train[:-1], "x*sigmoid(1.5*x", "--checkpoint", f"{place}.other"]) == 2
    assert "expected" in capsys.readouterr().err


def test_an_image_folder_goes_with_its_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draws = np.random.default_rng(0)
    for split, count in (("train", 140), ("val", 2)):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count // 2):
                pixels = draws.integers(0, 255, (12, 12, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number}.png")
    place, told = tmp_path / "c.pt", tmp_path / "t.json"
    small = ["--set", "stem=[5,1]", "--set", "channels=[2,2,2,2,2]", "--set", "hidden=4"]
    train = ["train", "alexnet", "--images", str(tmp_path), "--crop", "24", *small, "--steps", "2",
             "--checkpoint", str(place), "--json", str(told)]  # fmt: skip
    assert run_command([*train, "--resume"]) == 0
    assert "there is no checkpoint" in capsys.readouterr().err
    assert json.loads(told.read_text("utf-8"))["batch"] == 128, "the paper's"
    assert run_command([*train, "--resume"]) == 0
    assert "no checkpoint" not in capsys.readouterr().err
    assert run_command([*train, "--resume", "--crop", "28"]) == 2
    assert "crop 24 there, 28 here" in capsys.readouterr().err
    (tmp_path / "train" / "a" / "0.png").rename(tmp_path / "train" / "b" / "more.png")
    assert run_command([*train, "--resume"]) == 2
    assert "another run (images" in capsys.readouterr().err
    assert run_command(["train", "mlp", "--steps", "2", "--crop", "24"]) == 2
    assert "--crop is for --images" in capsys.readouterr().err
