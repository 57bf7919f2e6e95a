"""Numbers that a script prints with a name: ``accuracy 0.93``, ``loss=0.1``, ``Acc: 91/100``.

Or below one: a line of names, as ``epoch,loss,accuracy``, and lines of as many numbers after it.
Or after a sentence that begins with one: ``Accuracy on the 10000 test images: 97 %``.

Layer: doctor; standard library only. The proof of a repair should be what the user already looks
at, and that is what the script prints. What is found is a series per name, in the order printed;
counters, times and settings (epoch, step, lr) are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)\b"
_WORD = r"(?!(?:nan|inf)\b)[A-Za-z][\w@/.\-]*"
_QUANTITY = (  # also tensor(0.5) and, as an array of one element is printed, [0.5]
    rf"(?:\w*(?:tensor|array|float32|float64)\()?(?:\[\s*(?=(?:{_NUMBER})\s*\]))?"
    rf"(?P<value>{_NUMBER})(?:\s*/\s*(?P<whole>{_NUMBER}))?\s?(?P<percent>%)?"
    r"(?P<unit>\s?(?:ms|s|sec|secs|seconds|min|minutes|it/s|MB|GB|KB)\b)?"
)
_PATTERN = re.compile(
    r"(?<![\w.])['\"]?"
    rf"(?P<name>{_WORD}(?:\([\w@ ]*\))?(?: {_WORD}){{0,2}}?(?:(?<= at) \d+)?)['\"]?"
    r"(?:\s*[:=|]\s*['\"]?|\s+|,(?=[-+.\w]))"
    rf"{_QUANTITY}",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    rf"(?<![\w.])(?P<name>{_WORD}(?: {_WORD}){{0,2}}? (?:of|on|over|for|in|across|at|after)"
    rf"(?: (?:{_WORD}|\d+)){{2,8}}?)"
    rf"(?:\s*[:=]\s*|\s+(?:is|was)\s+(?:now\s+)?){_QUANTITY}",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    rf"(?P<value>{_NUMBER})(?:\s*/\s*(?P<whole>{_NUMBER}))?\s?(?P<percent>%)?", re.IGNORECASE
)
_CELLS = re.compile(r"\s*[,;|\t]\s*|\s{2,}|(?<![A-Za-z/]) (?![A-Za-z%/])")
_HEADING = re.compile(_WORD + r"(?:\([\w@ %]*\)| [A-Za-z@/()%\d]+){0,3}")
_SMALL = frozenset({"the", "a", "an", "our", "all"})
_PLAYER = r"(?:d|g|disc\w*|gen\w*|critic|adv\w*)"
_AGAINST = re.compile(rf"\b{_PLAYER}[ _]?(?:loss|err)\b|\b(?:loss|err)[ _]?{_PLAYER}\b")
_PART = re.compile(r"[ _/.\-]+")
_FILE = re.compile(r"\.(?:py|cc|cpp|cu|h)$")
_WARNING = re.compile(r"\S.*?:\d+: \w*Warning: ")
_SETTINGS = re.compile(  # also a part of a printed module
    r"\b(?:Namespace|\w*(?:Config|Args|Arguments|Params|Options))\(\w+=|^\s*\(\w+\): \w+\("
)
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOT_METRICS = frozenset({
    "epoch", "epochs", "step", "steps", "iter", "iters", "iteration", "iterations", "batch",
    "batches", "seed", "lr", "rate", "time", "elapsed", "eta", "took", "episode",
    "episodes", "ep", "it", "frame", "frames", "device", "cuda", "gpu", "params",
    "parameters", "version", "size", "samples", "examples", "in", "at", "after", "of", "on",
    "for", "from", "to", "with", "line", "port", "pid", "rank", "worker", "fold",
    "runtime", "second", "seconds", "sec", "dur", "duration", "throughput", "fps", "speed",
    "flops", "ram", "memory", "mem", "mode", "using", "workers", "cores", "threads", "timesteps",
    "num",
})  # fmt: skip
_UP = frozenset({
    "acc", "accuracy", "f1", "auc", "auroc", "ap", "map", "score", "reward", "return", "r2",
    "bleu", "rouge", "precision", "recall", "iou", "dice", "psnr", "ssim", "success",
    "top1", "top5", "correct", "win", "wins", "explained", "similarity", "correlation", "ndcg",
    "mrr", "coverage", "purity", "nmi", "ari", "hit", "hits", "fitness",
    "rew", "rewards", "returns", "exact", "agreement", "agree", "concordance", "snr", "skill",
    "acc1", "acc5", "top", "knn", "probe", "retrieval", "likelihood", "spearman", "pearson",
    "jaccard", "kappa", "mcc", "auprc", "solved",
})  # fmt: skip
_OF_EPISODES = frozenset({"reward", "rewards", "rew", "return", "returns"})
_REACHED = frozenset({"success", "win", "wins", "score", "solved", "successes", "winrate"})
_EPISODES = re.compile(r"\bepisodes?\b", re.IGNORECASE)
_DOWN = frozenset({
    "loss", "error", "err", "mse", "mae", "rmse", "nll", "bce", "ce", "perplexity", "ppl",
    "fid", "distance", "kl", "bpc", "bpd", "wer", "cer", "residual", "divergence", "regret", "mape",
    "reconstruction", "gap", "deviance", "discrepancy", "mmd", "wasserstein", "chamfer", "cost",
    "brier", "crps", "misfit", "fvu", "bits", "nats", "nmse", "nrmse", "recon", "l1", "l2",
    "pinball", "deviation", "eer", "ece", "violation", "violations", "mismatch", "hamming", "emd",
    "smape", "rmsd",
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
    names: list[str] = []
    counted: list[float] = []
    told_first: list[str] = []
    for line in re.split(r"[\r\n]+", _COLOUR.sub("", output)):
        if _WARNING.match(line) or _SETTINGS.search(line):  # words and numbers of the program
            continue
        known = len(found)
        cells = _cells(line)
        values = [_NUMERIC.fullmatch(cell) for cell in cells]
        if len(cells) > 1 and len(cells) == len(names) and all(values):
            for name, match in zip(names, values, strict=True):
                if match is not None and (own := _named(name)):
                    found.setdefault(own, []).append(_value(match))
            continue
        heads = cells if len(cells) > 1 else line.split()[:20]
        if len(heads) > 1 and all(map(_HEADING.fullmatch, heads)) and any(map(_is_known, heads)):
            names = heads
        line = _without_sentences(line, found)
        for match in _PATTERN.finditer(line):
            own = "" if match["unit"] else _named(match["name"])
            words = match["name"].lower().split()
            if words[-1] == "steps" and set(words) <= _NOT_METRICS:
                counted.append(_value(match))
            if own:
                found.setdefault(own, []).append(_value(match))
        if line.lstrip().startswith("{"):
            told_first.extend(list(found)[known:])
    for name in _settings(found, told_first):
        del found[name]
    if counted != sorted(counted):  # how long something lasted, and no count of steps
        found["steps"] = counted
    return {name: tuple(values) for name, values in found.items()}


def _settings(found: Mapping[str, Sequence[float]], told: Sequence[str]) -> Sequence[str]:
    """Of the names first met in a printed dictionary those of a script that shows its settings.

    It does so once and before what it measures again and again; a dictionary of results is
    printed again or at the end.
    """
    names = list(found)
    again = next((place for place, name in enumerate(names) if len(found[name]) > 1), 0)
    return [name for name in told if names.index(name) < again and len(found[name]) == 1]


def _without_sentences(line: str, found: dict[str, list[float]]) -> str:
    """The line without each sentence that says how much a known metric is, which is put down."""

    def put_down(match: re.Match[str]) -> str:
        words = [w for w in match["name"].lower().split() if w not in _SMALL and not w.isdigit()]
        name = " ".join(words)
        if match["unit"] or not direction(name):
            return match[0]
        found.setdefault(name, []).append(_value(match))
        return ";"

    return _SENTENCE.sub(put_down, line) if len(line) < 500 else line


def _cells(line: str) -> list[str]:
    """What stands side by side in a line of a table, if it is one."""
    return [cell for cell in _CELLS.split(line.strip(" |\t")) if cell] if len(line) < 500 else []


def _is_known(name: str) -> bool:
    """Whether it is a usual name of a metric or a counter."""
    return bool(direction(name)) or not _named(name)


def _named(name: str) -> str:
    """A metric's name without what counts before it; empty for counters, times and settings."""
    words = name.lower().split()
    while len(words) > 1 and words[0] in _NOT_METRICS:
        words = words[1:]
    parts = _PART.split(name.lower())  # also of eval_runtime, max_epochs, samples_per_second
    told = bool(set(parts[:-1]) & (_UP | _DOWN))  # "success rate", unlike "learning rate"
    if parts[-1] in _NOT_METRICS and not (parts[-1] == "rate" and told):
        return ""
    if _FILE.search(name):  # the place of a warning
        return ""
    return " ".join(words)


def _value(match: re.Match[str]) -> float:
    value = float(match["value"])
    if match["whole"] and float(match["whole"]):
        return value / float(match["whole"])
    return value / 100 if match["percent"] else value


def direction(name: str) -> int:
    """1 where higher is better, -1 where lower is, 0 where the name does not tell.

    Of several words that tell the last one does: a score's error is an error.
    """
    words = re.split(r"[^a-z0-9]+", name.lower())
    if "likelihood" in words and {"negative", "neg"} & set(words):
        return -1
    for word in reversed(words):
        if word in _DOWN or word.endswith("loss"):
            return -1
        if word in _UP or word.endswith("acc"):
            return 1
    return 0


def is_of_episodes(metrics: Mapping[str, tuple[float, ...]], output: str = "") -> bool:
    """Whether what tells best is what an agent earns: then the losses tell little of progress.

    An agent that lives longer has more return to predict, so that its critic's loss rises. How
    often it succeeds is no other thing, where episodes are counted beside it.

    Args:
        metrics: What a script printed, as `parse` finds it.
        output: All that it printed.
    """
    parts = set(_PART.split(principal(metrics) or ""))
    return bool(_OF_EPISODES & parts) or bool(_REACHED & parts and _EPISODES.search(output))


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
