"""A policy and value network that learns a board game by playing itself.

Layer: training. AlphaZero's loop at the size of a small board: a tree search guided by the network
chooses moves, the network learns to foresee the search's choices and the result. A step is one
batch of remembered positions; every few steps one more game is played.

Source: Silver et al. (2018), "A general reinforcement learning algorithm that masters chess, shogi,
and Go through self-play"; PUCT as in its methods.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rectifier import models
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.training.boards import GAMES, Board, Game
from rectifier.training.job import Job, device_of

SIMULATIONS = 24
EXPLORE = 1.5
REMEMBERED = 4000
GAMES_AT_ONCE = 24
STEPS_BETWEEN = 10
"""Steps of learning between two rounds of games."""

Shares = NDArray[np.float64]


class Node:
    """A position in the search tree: how often each move was tried and what came of it."""

    def __init__(self, game: Game, board: Board, chances: Shares) -> None:
        self.board = board
        self.allowed = game.allowed(board)
        self.chances = chances
        self.visits = np.zeros(len(chances))
        self.total = np.zeros(len(chances))
        self.next: dict[int, Node | float] = {}

    def choose(self) -> int:
        """The move with the greatest promise: what it brought so far, and what it may bring."""
        tried = self.visits.sum()
        known = self.visits > 0
        mean = np.divide(self.total, self.visits, out=np.zeros_like(self.total), where=known)
        urge = mean + EXPLORE * self.chances * math.sqrt(tried + 1) / (1 + self.visits)
        return int(np.where(self.allowed, urge, -np.inf).argmax())


@torch.no_grad()
def foresee(network: nn.Module, game: Game, boards: list[Board]) -> tuple[Shares, Shares]:
    """The network's chances of the allowed moves, and its values for the players to move.

    Args:
        network: In evaluation mode.
        game: The rules.
        boards: From the side of the player to move.

    Returns:
        (boards, moves) and (boards,).
    """
    place = next(network.parameters()).device
    told = network(torch.from_numpy(game.planes(boards)).to(place))
    logits, value = (part.cpu() for part in told)
    allowed = np.stack([game.allowed(board) for board in boards])
    scores = np.where(allowed, logits.double().numpy(), -np.inf)
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True), value.double().numpy()


def search(
    network: nn.Module,
    game: Game,
    boards: list[Board],
    *,
    simulations: int = SIMULATIONS,
    noise: np.random.Generator | None = None,
) -> Shares:
    """How often a tree search tries each move, as shares; several boards side by side.

    Args:
        network: In evaluation mode.
        game: The rules.
        boards: From the side of the player to move.
        simulations: How many paths to follow from each board.
        noise: Where noise on the roots' chances comes from; None: no noise.

    Returns:
        (boards, moves).
    """
    chances, _ = foresee(network, game, boards)
    roots = []
    for board, mine in zip(boards, chances, strict=True):
        root = Node(game, board, mine)
        if noise is not None:
            drawn = np.zeros(game.moves)
            drawn[root.allowed] = noise.dirichlet(np.full(int(root.allowed.sum()), 0.6))
            root.chances = 0.75 * mine + 0.25 * drawn
        roots.append(root)
    for _ in range(simulations):
        _simulate(network, game, roots)
    visits = np.stack([root.visits for root in roots])
    return np.asarray(visits / visits.sum(axis=1, keepdims=True))


def _simulate(network: nn.Module, game: Game, roots: list[Node]) -> None:
    """From each root one path to a position that is new or final, and its value back up."""
    fresh: list[tuple[list[tuple[Node, int]], Board]] = []
    for root in roots:
        path: list[tuple[Node, int]] = []
        node = root
        while True:
            move = node.choose()
            path.append((node, move))
            following = node.next.get(move)
            if isinstance(following, Node):
                node = following
                continue
            if following is None:
                board, ended = game.play(node.board, move)
                if ended is None:
                    fresh.append((path, board))
                    break
                node.next[move] = following = ended
            _back_up(path, following)
            break
    if not fresh:
        return
    chances, values = foresee(network, game, [board for _, board in fresh])
    for (path, board), mine, value in zip(fresh, chances, values, strict=True):
        node, move = path[-1]
        node.next[move] = Node(game, board, mine)
        _back_up(path, -float(value))


def _back_up(path: list[tuple[Node, int]], value: float) -> None:
    """Note a value, given for the last mover, along the path; it changes sign at every move."""
    for node, move in reversed(path):
        node.visits[move] += 1
        node.total[move] += value
        value = -value


Position = tuple[NDArray[np.float32], Shares, float]


def play_itself(
    network: nn.Module, game: Game, count: int, draws: np.random.Generator
) -> list[Position]:
    """Games side by side: planes, the search's shares and the result for the player to move.

    Args:
        network: Is put into evaluation mode.
        game: The rules.
        count: How many games.
        draws: Where noise and the first moves come from.
    """
    network.eval()
    boards: list[Board] = [game.start() for _ in range(count)]
    seen: list[list[tuple[Board, Shares]]] = [[] for _ in range(count)]
    told: list[Position] = []
    running = list(range(count))
    while running:
        found = search(network, game, [boards[k] for k in running], noise=draws)
        still = []
        for k, shares in zip(running, found, strict=True):
            seen[k].append((boards[k], shares))
            # The first moves by chance, so that games differ; later the best.
            early = len(seen[k]) <= 4
            move = int(draws.choice(game.moves, p=shares) if early else shares.argmax())
            boards[k], ended = game.play(boards[k], move)
            if ended is None:
                still.append(k)
                continue
            result = ended
            for position, chosen in reversed(seen[k]):
                told.append((game.planes([position])[0], chosen, result))
                result = -result
        running = still
    return told


def against_chance(network: nn.Module, game: Game, games: int, seed: int) -> float:
    """Points of a network, without search, against random moves: 1 a win, one half a draw.

    Args:
        network: Is put into evaluation mode.
        game: The rules.
        games: How many; it begins every other one.
        seed: Of the random moves.
    """
    network.eval()
    draws = np.random.default_rng(seed)
    boards: list[Board] = [game.start() for _ in range(games)]
    points = 0.0
    running = list(range(games))
    for turn in range(game.rows * game.columns + 1):
        # Game k is begun by the network where k is even, by chance where it is odd.
        mine = [k for k in running if (turn + k) % 2 == 0]
        moves = {k: int(draws.choice(np.flatnonzero(game.allowed(boards[k])))) for k in running}
        if mine:
            chances, _ = foresee(network, game, [boards[k] for k in mine])
            moves |= {k: int(row.argmax()) for k, row in zip(mine, chances, strict=True)}
        still = []
        for k in running:
            boards[k], ended = game.play(boards[k], moves[k])
            if ended is None:
                still.append(k)
            elif ended == 0:
                points += 0.5
            else:
                points += float(k in mine)
        running = still
        if not running:
            break
    return points / games


def self_play(
    model: str,
    task: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """AlphaZero's network on a small game; scored by its points against random moves.

    Raises:
        UnknownNameError: There is no such game.
    """
    if task not in GAMES:
        raise UnknownNameError("game", task, GAMES)
    if model != "alphazero":
        raise InvalidInputError(f"{model} has no value head; only alphazero plays itself")
    game = GAMES[task]
    place = device_of(device)
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    network = models.get(model)(
        (2, game.rows, game.columns),
        game.moves,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)
    memory: deque[tuple[torch.Tensor, torch.Tensor, float]] = deque(maxlen=REMEMBERED)
    count = 0

    def gradients(generator: torch.Generator) -> float:
        nonlocal count
        if count % STEPS_BETWEEN == 0:
            draws = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
            memory.extend(
                (torch.from_numpy(planes), torch.from_numpy(shares).float(), result)
                for planes, shares, result in play_itself(network, game, GAMES_AT_ONCE, draws)
            )
        count += 1
        rows = torch.randint(len(memory), (batch,), generator=generator).tolist()
        seen = torch.stack([memory[row][0] for row in rows]).to(place)
        wanted = torch.stack([memory[row][1] for row in rows]).to(place)
        results = torch.tensor([memory[row][2] for row in rows]).to(place)
        network.train()
        logits, value = network(seen)
        loss = nn.functional.cross_entropy(logits, wanted) + nn.functional.mse_loss(value, results)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.item())

    def keep() -> dict[str, Any]:
        return {
            "count": count,
            "planes": torch.stack([each[0] for each in memory]) if memory else torch.empty(0),
            "shares": torch.stack([each[1] for each in memory]) if memory else torch.empty(0),
            "results": torch.tensor([each[2] for each in memory]),
        }

    def remember(kept: dict[str, Any]) -> None:
        nonlocal count
        count = int(kept["count"])
        memory.clear()
        memory.extend(zip(kept["planes"], kept["shares"], kept["results"].tolist(), strict=True))

    return Job(
        network,
        gradients,
        lambda: {"points against chance": against_chance(network, game, 200, seed)},
        rate=1e-2,
        steps=200,
        weight_decay=1e-4,
        memory=keep,
        remember=remember,
    )
