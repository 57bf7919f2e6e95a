"""What is said first of a run in which nothing was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rectifier.report import digest
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Circumstances, Head

GUESS = Head(("nll_loss", "log_softmax", "addmm"), "out", width=10)  # costs 2.3
MEAN = Head(("mse_loss", "addmm"), "out", target_mean=0.0, target_std=1.5)
COIN = Head(("binary_cross_entropy_with_logits", "addmm"), "out", width=1)


@pytest.mark.parametrize(
    ("start", "end", "head", "word"),
    [
        (2.4, 2.3, GUESS, "learnt nothing"),
        (9.0, 2.29, GUESS, "learnt nothing"),  # from above: it came to a guess and stayed there
        (2.4, 1.9, GUESS, ""),
        (2.3, 0.1, GUESS, ""),
        (2.4, 2.2, MEAN, "learnt nothing"),
        (2.4, 1.2, MEAN, ""),
        (0.7, 0.69, COIN, "learnt nothing"),
        (0.7, 0.5, COIN, ""),
        (2.3, 5.0, GUESS, "the loss rose"),
        (2.3, 3.0, GUESS, ""),
    ],
)
def test_a_run_that_got_nowhere_is_not_passed_over(
    record: Record, start: float, end: float, head: Head, word: str
) -> None:
    loss = np.linspace(start, end, record.training.step.size)
    if start > 5:
        loss = np.full_like(loss, end)
        loss[:5] = start
    training = replace(record.training, loss=loss)
    seen = replace(record, training=training, circumstances=Circumstances(heads=(head,)))
    said = digest.run_sentence(seen, ())
    assert said.startswith("Nothing that harms the training was found")
    assert ("Yet" in said) is bool(word)
    assert word in said


def test_what_was_found_stands_alone(record: Record, findings: Any) -> None:
    assert "Yet" not in digest.run_sentence(record, findings)
