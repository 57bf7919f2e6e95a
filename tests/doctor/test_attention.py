"""Attention that is saturated from the start: the rule on records, the remedy at work."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from doctor_records import falling, told, training

from rectifier.doctor.by_hand import instruction
from rectifier.doctor.rules import saturated_activation
from rectifier.watch.record import Attention, Circumstances, Record


def sharp(spread: float, *, end: float = 1.0, step: int = 0, layer: str = "attn") -> list[str]:
    known = (Attention("other", 0.3, 16), Attention(layer, spread, 16, step))
    found = told(saturated_activation, trained=training(loss=falling(2.3, end)), attentions=known)
    return [f"{f.severity} {f.layer} {f.evidence['score_std']}" for f in found]


@pytest.mark.parametrize(
    ("spread", "end", "step", "told_"),
    [
        (9.0, 1.0, 0, ["warning attn 9.0"]),
        (9.0, 2.3, 0, ["error attn 9.0"]),
        (4.1, 1.0, 0, ["warning attn 4.1"]),
        (3.9, 1.0, 0, []),
        (9.0, 0.2, 0, []),  # it learnt all the same
        (9.0, 1.0, 50, []),  # learnt so, or of another phase
    ],
)
def test_scores_that_spread_too_far_from_the_start(spread, end, step, told_) -> None:
    assert sharp(spread, end=end, step=step) == told_


def test_the_record_keeps_it() -> None:
    seen = Record(circumstances=Circumstances(attentions=(Attention("a", 2.5, 9),)))
    assert Record.from_json(seen.to_json()).circumstances.attentions == (Attention("a", 2.5, 9),)


def test_scores_are_divided_by_what_they_spread_by_in_evaluation_too() -> None:
    scores = 8 * torch.randn(4, 6, 12, generator=torch.Generator().manual_seed(0))
    masked = scores.masked_fill(torch.ones(6, 12).tril(7) == 0, -torch.inf)
    calm = 0.1 * scores

    def program() -> list[torch.Tensor]:
        first = (scores, scores[:2], masked, calm, scores[:, :, :4])
        given = [torch.softmax(x, dim=-1) for x in first]  # one place: they share a factor
        return [*given, torch.softmax(calm, -1), torch.softmax(scores, 1)]

    found, log = under("insert_normalization", program, how="scores", far=2.0)
    spread = float(scores.reshape(-1, 12).std(-1).median())
    assert torch.allclose(found[0], torch.softmax(scores / spread, -1))
    assert torch.allclose(found[1], torch.softmax(scores[:2] / spread, -1))
    assert torch.equal(found[2] == 0, masked == -torch.inf)
    assert torch.equal(found[4], torch.softmax(scores[:, :, :4], -1))  # a choice among few
    assert torch.equal(found[5], torch.softmax(calm, -1))
    assert torch.equal(found[6], torch.softmax(scores, 1))
    assert log == [f"scores before softmax divided by {spread:.3g}"]


def test_what_to_do_by_hand() -> None:
    known = (Attention("attn", 9.0, 16),)
    (found,) = told(
        saturated_activation, trained=training(loss=falling(2.3, 1.0)), attentions=known
    )
    said = instruction(found.remedies[0], {})
    assert said == "Divide the scores behind 'attn' by 9 before their softmax."
