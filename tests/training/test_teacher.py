"""The perfect player of tic-tac-toe, and a network that learns from it."""

from __future__ import annotations

import numpy as np

from rectifier.training import loop, starts
from rectifier.training.boards import TICTACTOE
from rectifier.training.teacher import solve


def test_the_teacher_wins_where_it_can_and_else_stops_a_loss() -> None:
    known = solve(TICTACTOE)
    assert len(known) == 4520, "positions that can come up and are not over"
    wins = np.array([[1, 1, 0], [-1, -1, 0], [0, 0, 0]], np.int8)
    assert np.flatnonzero(known[wins.tobytes()][1]).tolist() == [2]
    stops = np.array([[-1, -1, 0], [0, 1, 0], [0, 0, 0]], np.int8)
    assert np.flatnonzero(known[stops.tobytes()][1]).tolist() == [2]
    empty = known[TICTACTOE.start().tobytes()][1]
    assert empty.all(), "every first move draws"


def test_a_policy_learns_from_it() -> None:
    job = starts.make("alphago_policy", sizes={"width": 12, "layers": 4}, batch=32)
    job.rate = 4e-3
    before = job.evaluate()
    trained = loop.run(job, steps=150, seed=0, every=150)
    scores = trained.progress.scores[-1][1]
    assert 0.3 < before["guessing"] < 0.5
    assert scores["best moves"] > scores["guessing"] + 0.2
