"""Two small board games: tic-tac-toe, and connect three on 4×5 points.

Layer: training, no framework.

A position is an array of 0 (empty), 1 (the player to move) and -1 (the other); the board is turned
round after every move, so a network always sees its own stones as 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Board = NDArray[np.int8]


@dataclass(frozen=True)
class Game:
    """Rules.

    Attributes:
        name: What it is called. ``rows``, ``columns``: of the board.
        line: How many in a row win.
        falls: Whether a stone falls to the lowest free point of its column, which is the move.
    """

    name: str
    rows: int
    columns: int
    line: int
    falls: bool

    @property
    def moves(self) -> int:
        """Number of moves there are, allowed or not."""
        return self.columns if self.falls else self.rows * self.columns

    def start(self) -> Board:
        """The empty board."""
        return np.zeros((self.rows, self.columns), np.int8)

    def allowed(self, board: Board) -> NDArray[np.bool_]:
        """Which moves are allowed, (moves,)."""
        free = board[0] == 0 if self.falls else (board == 0).ravel()
        return np.asarray(free)

    def play(self, board: Board, move: int) -> tuple[Board, float | None]:
        """The board after a move, from the other player's side, and how it ended.

        Returns:
            The board turned round; 1 if the mover won, 0 for a draw, None if the game goes on.
        """
        after = board.copy()
        if self.falls:
            row = int(np.flatnonzero(after[:, move] == 0)[-1])
            after[row, move] = 1
        else:
            after[divmod(move, self.columns)] = 1
        won = any((after.ravel()[list(line)] == 1).all() for line in lines(self))
        ended = 1.0 if won else (0.0 if (after != 0).all() else None)
        return np.negative(after), ended

    def planes(self, boards: list[Board]) -> NDArray[np.float32]:
        """Boards as a network reads them, (boards, 2, rows, columns): own stones, the other's."""
        stacked = np.stack(boards)
        return np.stack([stacked == 1, stacked == -1], axis=1).astype(np.float32)


@cache
def lines(game: Game) -> tuple[tuple[int, ...], ...]:
    """All winning lines, as places in the flattened board."""
    found = []
    for row in range(game.rows):
        for column in range(game.columns):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                last = (row + (game.line - 1) * down, column + (game.line - 1) * right)
                if 0 <= last[0] < game.rows and 0 <= last[1] < game.columns:
                    found.append(
                        tuple(
                            (row + k * down) * game.columns + column + k * right
                            for k in range(game.line)
                        )
                    )
    return tuple(found)


TICTACTOE = Game("tictactoe", 3, 3, 3, falls=False)
CONNECT3 = Game("connect3", 4, 5, 3, falls=True)
GAMES = {game.name: game for game in (TICTACTOE, CONNECT3)}
