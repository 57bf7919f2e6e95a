"""Networks learn their tasks; runs are kept and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from rectifier import models
from rectifier.cli.main import run_command
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.training import boards, loop, road, selfplay, starts


@pytest.mark.parametrize(
    ("model", "steps", "least"),
    [("steering", 100, 0.7), ("rbm", 300, 0.5), ("irnn", 150, 0.5), ("gelu_mlp", 100, 0.8)],
)
def test_networks_learn(model: str, steps: int, least: float) -> None:
    small = {"steering": {"channels": (6, 8, 12)}}
    job = starts.make(model, sizes=small.get(model), batch=32)
    fresh = next(iter(job.evaluate().values()))
    trained = loop.run(job, steps=steps, seed=0, every=steps)
    score = next(iter(trained.progress.scores[-1][1].values()))
    assert score > max(least, fresh)
    record = trained.session.record
    assert record.steps == steps, "the watcher was on"
    assert record.sites


def test_self_play_beats_chance() -> None:
    job = starts.make("alphazero", sizes={"width": 8, "blocks": 1})
    trained = loop.run(job, steps=100, seed=0, every=100)
    assert trained.progress.scores[-1][1]["points against chance"] > 0.6


def test_gated_units_are_diagnosed_like_any() -> None:
    job = starts.make("transformer_encoder", activation="geglu", batch=4)
    trained = loop.run(job, steps=3, seed=0, every=3)
    assert {site.function for site in trained.session.record.sites} >= {"geglu"}
    assert trained.session.diagnose() == trained.findings


def test_a_decoder_learns_text() -> None:
    job = starts.make("transformer_decoder", sizes={"size": 32, "layers": 1}, batch=16)
    before = job.evaluate()["bits a character"]
    trained = loop.run(job, steps=60, seed=0, every=60)
    assert trained.progress.scores[-1][1]["bits a character"] < before - 1.0


def test_every_network_has_a_start_that_takes_a_step() -> None:
    small = {"vgg16", "resnet50", "efficientnet_b0", "plain22", "plain30", "alexnet"}
    for name in starts.STARTS:
        job = starts.make(name, batch=2 if name in small else 8)
        loss = job.gradients(torch.Generator().manual_seed(0))
        assert np.isfinite(loss), name
        assert any(p.grad is not None and p.grad.any() for p in job.model.parameters()), name


def test_tasks_and_arguments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="task for steering"):
        starts.make("steering", task="digits")
    with pytest.raises(UnknownNameError, match="did you mean 'cnn4'"):
        starts.make("cnn5")
    with pytest.raises(InvalidInputError, match="compare --task cart_pole"):
        starts.make("mlp", task="cart_pole")
    with pytest.raises(InvalidInputError, match="train gpt_tiny --task char_lm"):
        starts.make("cnn4", task="char_lm")
    with pytest.raises(InvalidInputError, match="train mlp --task housing"):
        starts.make("transformer_encoder", task="housing")


@pytest.mark.parametrize(
    ("model", "sizes", "told"),
    [
        ("cnn4", {"wide": 3}, "no argument 'wide'; it has width"),
        ("cnn4", {"generator": 3}, "no argument"),
        ("cnn4", {"width": "abc"}, "whole number of at least 1; 'abc' came"),
        ("cnn4", {"width": 0}, "whole number"),
        ("cnn4", {"width": True}, "whole number"),
        ("irnn", {"width": 1.5}, "whole number"),
        ("alexnet", {"stem": 5}, "2 whole numbers"),
        ("alexnet", {"stem": (5,)}, "2 whole numbers"),
        ("alexnet", {"dropout": 1.5}, "from 0 up to"),
        ("alexnet", {"grouped": 1}, "true or false"),
        ("efficientnet_b0", {"width": 0}, "above 0"),
        ("mlp", {"hidden": ()}, "whole numbers"),
        ("mlp", {"gain": "a"}, "above 0"),
        ("rbm", {"hidden": "a"}, "whole number"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(
    model: str, sizes: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        starts.make(model, sizes=sizes)


@pytest.mark.parametrize(
    ("model", "task", "steps", "gain"),
    [("mlp", "housing", 150, 0.4), ("gpt_tiny", "char_lm", 15, -1.0)],
)
def test_values_and_letters_are_learned(model: str, task: str, steps: int, gain: float) -> None:
    job = starts.make(model, task=task, batch=32)
    name, fresh = next(iter(job.evaluate().items()))
    trained = loop.run(job, steps=steps, seed=0, every=steps)
    change = trained.progress.scores[-1][1][name] - fresh
    assert change > gain if gain > 0 else change < gain


def test_the_road_is_steered_by_what_it_shows() -> None:
    x, y = road.make(300, 0)
    assert x.shape == (300, 2, road.HEIGHT, road.WIDTH)
    # A least-squares fit on the pixels explains the angle, so it can be seen.
    flat = x.reshape(300, -1)[:, ::4].astype(np.float64)
    weights, *_ = np.linalg.lstsq(flat, y[:, 0], rcond=None)
    assert np.var(flat @ weights - y[:, 0]) < np.var(y) / 2
    again, _ = road.make(300, 0)
    np.testing.assert_array_equal(x, again)


def test_two_runs_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    place = tmp_path / "c.pt"
    first = starts.make("mlp", batch=8)
    step = first.gradients
    refused = []

    def gradients(generator: torch.Generator) -> float:
        if not refused:
            with pytest.raises(InvalidInputError, match="name another file") as error:
                loop.run(starts.make("mlp", activation="tanh"), steps=1, seed=0, place=place)
            refused.append(error)
        return step(generator)

    first.gradients = gradients
    loop.run(first, steps=2, seed=0, place=place)
    assert refused
    gone_on = loop.run(starts.make("mlp", batch=8), steps=2, seed=0, place=place, resume=True)
    assert gone_on.resumed == 2


def test_the_rules_of_the_games() -> None:
    assert len(boards.lines(boards.TICTACTOE)) == 8
    game = boards.TICTACTOE
    board = game.start()
    for move in (0, 3, 1, 4):
        board, ended = game.play(board, move)
        assert ended is None
    assert not game.allowed(board)[[0, 1, 3, 4]].any()
    _, ended = game.play(board, 2)
    assert ended == 1.0
    drawn = game.start()
    for move in (0, 1, 2, 4, 3, 5, 7, 6, 8):
        drawn, ended = game.play(drawn, move)
    assert ended == 0.0
    falls = boards.CONNECT3
    board = falls.start()
    for _ in range(4):
        board, ended = falls.play(board, 0)
    assert not falls.allowed(board)[0]
    assert falls.allowed(board)[1]
    assert ended is None


def test_search_finds_a_win_and_stops_a_loss() -> None:
    network = models.get("alphazero")((2, 3, 3), 9, width=4, blocks=1).eval()
    board = np.array([[1, 1, 0], [-1, -1, 0], [0, 0, 0]], np.int8)
    wins, stops = selfplay.search(
        network, boards.TICTACTOE, [board, np.array([[-1, -1, 0], [1, 0, 0], [0, 0, 1]], np.int8)],
        simulations=300,
    )  # fmt: skip
    assert wins.argmax() == 2
    assert stops.argmax() == 2


def test_a_run_that_diverges_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "mlp", "--steps", "30", "--optimizer", "sgd", "--rate", "1e6"]
    assert run_command([*arguments, "--checkpoint", str(tmp_path / "c.pt")]) == 1
    assert "stopped being a number" in capsys.readouterr().err


def test_checkpoints_are_not_overwritten_nor_mixed_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "c.pt")
    train = ["train", "mlp", "--steps", "20", "--checkpoint", place]
    assert run_command(train) == 0
    assert run_command(train) == 2
    assert "--resume" in capsys.readouterr().err
    assert run_command([*train, "--resume", "--activation", "tanh"]) == 2
    assert "another run" in capsys.readouterr().err
    Path(place).write_bytes(b"damaged")
    assert run_command([*train, "--resume"]) == 2
    assert "no checkpoint" in capsys.readouterr().err


def test_a_killed_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    def arguments(name: str) -> list[str]:
        return [
            *("train", "mish_mlp", "--steps", "300", "--save-every", "0", "--set", "width=16"),
            *(
                "--checkpoint",
                str(tmp_path / f"{name}.pt"),
                "--json",
                str(tmp_path / f"{name}.json"),
            ),
        ]

    assert run_command(arguments("whole")) == 0
    killed = tmp_path / "killed.pt"
    process = subprocess.Popen(
        [sys.executable, "-m", "rectifier", *arguments("killed")],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    written: set[int] = set()
    while len(written) < 2 and time.monotonic() < deadline and process.poll() is None:
        # The first is that of step 0.
        written |= {killed.stat().st_mtime_ns} if killed.exists() else set()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert killed.exists()
    assert not (tmp_path / "killed.json").exists(), "it was killed before its end"
    assert run_command([*arguments("killed"), "--resume"]) == 0
    whole, again = (
        json.loads((tmp_path / f"{n}.json").read_text(encoding="utf-8"))
        for n in ("whole", "killed")
    )
    assert 0 < again["resumed_from"] < 300
    assert again["scores"] == whole["scores"]
    assert again["losses"] == whole["losses"]
    states = [
        torch.load(tmp_path / f"{n}.pt", weights_only=True)["model"] for n in ("whole", "killed")
    ]
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name
