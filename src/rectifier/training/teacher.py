"""A policy network that learns a perfect player's moves, as AlphaGo's first learned people's.

Layer: training. Tic-tac-toe is small enough to be played out to the end from every position, so the
teacher's moves are known to be best. A network sees four fifths of the positions and is judged on
the others; those in which every move is as good as any other teach nothing and are left out.

Source: Silver et al. (2016), "Mastering the game of Go with deep neural networks and tree search",
section "Supervised learning of policy networks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from rectifier import models
from rectifier.activation import Activation
from rectifier.training.boards import TICTACTOE, Board, Game
from rectifier.training.job import Job, device_of, supervised

TESTED = 0.2


def solve(game: Game) -> dict[bytes, tuple[Board, NDArray[np.bool_]]]:
    """Every position that can come up, with the moves that are best in it.

    Args:
        game: One with few positions.

    Returns:
        By the position's bytes: the board from the side of the player to move, and (moves,).
    """
    best: dict[bytes, tuple[Board, NDArray[np.bool_]]] = {}
    worth: dict[bytes, float] = {}

    def value(board: Board) -> float:
        key = board.tobytes()
        if key not in worth:
            brought = np.full(game.moves, -np.inf)
            for move in np.flatnonzero(game.allowed(board)):
                after, ended = game.play(board, int(move))
                brought[move] = -value(after) if ended is None else ended
            worth[key] = float(brought.max())
            best[key] = (board, brought == worth[key])
        return worth[key]

    value(game.start())
    return best


def imitate(
    model: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """A network that foresees best moves; scored by how often its move is one, on new positions.

    ``guessing`` is how often a random allowed move would be one on the same positions.
    """
    place = device_of(device)
    game = TICTACTOE
    known = [
        (board, moves, game.allowed(board))
        for board, moves in solve(game).values()
        if (moves != game.allowed(board)).any()
    ]
    order = np.random.default_rng(seed).permutation(len(known))
    boards = torch.from_numpy(game.planes([known[k][0] for k in order])).to(place)
    best, allowed = (torch.from_numpy(np.stack([known[k][n] for k in order])) for n in (1, 2))
    split = round(len(known) * TESTED)
    guessing = (best[:split].sum(1) / allowed[:split].sum(1)).mean().item()
    best, allowed = best.to(place), allowed.to(place)
    chances = best / best.sum(dim=1, keepdim=True)
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    network = models.get(model)(
        (2, game.rows, game.columns),
        game.moves,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)

    def evaluate() -> dict[str, float]:
        network.eval()
        with torch.no_grad():
            scores = network(boards[:split]).masked_fill(~allowed[:split], -torch.inf)
            moves = scores.argmax(dim=1, keepdim=True)
            right = best[:split].gather(1, moves).double().mean().item()
        return {"best moves": right, "guessing": guessing}

    return Job(
        network,
        supervised(network, cross_entropy, boards[split:], chances[split:], batch),
        evaluate,
        steps=600,
    )
