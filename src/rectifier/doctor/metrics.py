"""Numbers that a script prints with a name: ``accuracy 0.93``, ``loss=0.1``, ``Acc: 91/100``.

The name may stand before its number, or over it, in the head of a table.

Layer: doctor; standard library only. The proof of a repair should be what the user already looks
at, and that is what the script prints. What is found is a series per name, in the order printed;
counters, times and settings (epoch, step, lr) are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)\b"
_WORD = r"(?!(?:nan|inf)\b)[A-Za-z][\w@/.\-]*"
_PATTERN = re.compile(
    r"(?<![\w.])['\"]?"
    rf"(?P<name>{_WORD}(?:\([\w@ ]*\))?(?: {_WORD}){{0,2}}"
    rf"(?P<rank>(?<= at) \d{{1,3}}(?=(?:\s*[:=]\s*|\s+){_NUMBER}))?)['\"]?"
    r"(?:\s*[:=]\s*|\s+|,(?=\S))"
    r"(?:\w*(?:tensor|float32|float64)\()?"
    rf"(?P<value>{_NUMBER})"
    rf"(?:\s*/\s*(?P<whole>{_NUMBER}))?"
    r"\s?(?P<percent>%)?"
    r"(?P<unit>\s?(?:ms|s|sec|secs|seconds|min|minutes|it/s|MB|GB|KB)\b)?",
    re.IGNORECASE,
)
_PLAYER = r"(?:d|g|disc\w*|gen\w*|critic|adv\w*)"
_AGAINST = re.compile(rf"\b{_PLAYER}[ _]?(?:loss|err)\b|\b(?:loss|err)[ _]?{_PLAYER}\b")
_CELLS = re.compile(r"\s*[|,;\t]\s*|\s{2,}")
_CELL = re.compile(rf"(?:{_NUMBER})%?", re.IGNORECASE)
_TITLE = re.compile(rf"{_WORD}(?: {_WORD}){{0,2}}", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOT_METRICS = frozenset({
    "epoch", "epochs", "step", "steps", "iter", "iters", "iteration", "iterations", "batch",
    "batches", "seed", "lr", "rate", "time", "elapsed", "eta", "took", "episode",
    "episodes", "ep", "it", "frame", "frames", "device", "cuda", "gpu", "params",
    "parameters", "version", "size", "samples", "examples", "in", "at", "after", "of", "on",
    "for", "from", "to", "with", "line", "port", "pid", "rank", "worker", "fold",
})  # fmt: skip
_UP = frozenset({
    "acc", "accuracy", "f1", "auc", "auroc", "ap", "map", "score", "reward", "return", "r2",
    "bleu", "rouge", "precision", "recall", "iou", "dice", "psnr", "ssim", "success",
    "top1", "top5", "correct", "win", "wins", "explained", "similarity", "correlation", "ndcg",
    "mrr", "coverage", "purity", "nmi", "ari", "hit", "hits", "fitness",
})  # fmt: skip
_DOWN = frozenset({
    "loss", "error", "err", "mse", "mae", "rmse", "nll", "bce", "ce", "perplexity", "ppl",
    "fid", "distance", "kl", "bpc", "bpd", "wer", "cer", "residual", "divergence", "regret", "mape",
    "reconstruction", "gap", "deviance", "discrepancy", "mmd", "wasserstein", "chamfer", "cost",
    "brier", "crps", "misfit",
})  # fmt: skip


def parse(output: str) -> Mapping[str, tuple[float, ...]]:
    """Find the named numbers in what a script printed.

    Args:
        output: All that it printed.

    Returns:
        For each name (lower case) its values in the order printed; percentages and fractions such
        as ``91/100`` as shares.

    Example:
        >>> dict(parse("epoch 1/2  loss 0.50  Test Acc: 91%"))
        {'loss': (0.5,), 'test acc': (0.91,)}
    """
    found: dict[str, list[float]] = {}
    counted: list[float] = []
    lines = re.split(r"[\r\n]+", _COLOUR.sub("", output))
    for line in lines:
        for match in _PATTERN.finditer(line):
            words = _words(match["name"].lower())
            if match["rank"] and not set(words) & _UP:  # "loss at 100 0.5", unlike "recall at 5"
                words = words[:-2]
            if words == ["steps"]:
                counted.append(_value(match))
            if match["unit"] or not _is_metric(words):
                continue
            found.setdefault(" ".join(words), []).append(_value(match))
    if counted != sorted(counted):  # how long something lasted, and no count of steps
        found["steps"] = counted
    for name, values in _tabled(lines).items():
        found.setdefault(name, values)
    return {name: tuple(values) for name, values in found.items()}


def _words(name: str) -> list[str]:
    words = name.split()
    while len(words) > 1 and words[0] in _NOT_METRICS:
        words = words[1:]
    return words


def _is_metric(words: list[str]) -> bool:
    told = bool(set(words[:-1]) & (_UP | _DOWN))  # "success rate", unlike "learning rate"
    return words[-1] not in _NOT_METRICS or (words[-1] == "rate" and told)


def _tabled(lines: list[str]) -> dict[str, list[float]]:
    """Numbers in rows under a head of names, one of which tells a direction."""
    found: dict[str, list[float]] = {}
    names: list[str] = []
    for line in lines:
        bare = line.strip().strip("|").strip()
        cells = _CELLS.split(bare)
        rows = [row for row in (cells, bare.split()) if len(row) == len(names) > 1]
        row = next((row for row in rows if all(map(_CELL.fullmatch, row))), None)
        if row is not None:
            for name, cell in zip(names, row, strict=True):
                if _is_metric(_words(name)):
                    value = float(cell.rstrip("%")) / (100 if cell.endswith("%") else 1)
                    found.setdefault(name, []).append(value)
            continue
        heads = [cells, bare.split()] if len(cells) < 2 else [cells]
        head = next((h for h in heads if len(h) > 1 and all(map(_TITLE.fullmatch, h))), None)
        if head is not None and any(direction(title) for title in head):
            names = [title.lower() for title in head]
        elif bare.strip("-=+─━| \t"):
            names = []
    return found


def _value(match: re.Match[str]) -> float:
    value = float(match["value"])
    if match["whole"] and float(match["whole"]):
        return value / float(match["whole"])
    return value / 100 if match["percent"] else value


def direction(name: str) -> int:
    """1 where higher is better, -1 where lower is, 0 where the name does not tell."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    down = bool(words & _DOWN) or any(word.endswith("loss") for word in words)
    up = bool(words & _UP) or any(word.endswith("acc") for word in words)
    return 0 if up == down else (1 if up else -1)


def principal(metrics: Mapping[str, tuple[float, ...]]) -> str | None:
    """The printed number that best tells how good the result is; None if none does.

    Held-out before training, accuracy-like before loss-like, in the order printed; losses of two
    networks that play against each other last, as one's loss is the other's gain.
    """

    def rank(item: tuple[int, str]) -> tuple[int, int, int]:
        place, name = item
        held_out = re.search(r"test|val|eval|held|dev", name) is not None
        trained = re.search(r"train", name) is not None
        against = _AGAINST.search(name) is not None
        kind = 0 if held_out else 2 if trained else 3 if against else 1
        return (direction(name) != 1, kind, place)

    telling = [(place, name) for place, name in enumerate(metrics) if direction(name)]
    return min(telling, key=rank)[1] if telling else None


def gain(name: str, before: tuple[float, ...], after: tuple[float, ...]) -> float:
    """How much better the last value became, in the metric's own unit; NaN if it cannot be told.

    A value that was not finite and now is counts as infinitely better, and the other way round.
    """
    if not before or not after:
        return math.nan
    old, new = before[-1], after[-1]
    if math.isfinite(old) != math.isfinite(new):
        return math.inf if math.isfinite(new) else -math.inf
    return direction(name) * (new - old) if math.isfinite(new) else 0.0
