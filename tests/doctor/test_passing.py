"""Gradients that pass where they were cut: edits at the line that cut, and none elsewhere."""

from __future__ import annotations

import pytest
import torch

from rectifier.doctor.passing import with_soft_choice, with_straight_through, with_tanh

CHOICE = "w = nn.functional.one_hot(z.argmax(-1), z.shape[-1]).float()\n"


def computed(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What an edited line gives for ``z``, and the gradient of its sum of squares."""
    z = torch.tensor([[0.3, -1.2, 0.9], [2.0, 0.1, -0.4]], requires_grad=True)
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "z": z}
    exec(text, names)
    w = names["w"]
    (w * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
    return w.detach(), z.grad


@pytest.mark.parametrize("call", [CHOICE, CHOICE.replace("z.argmax(-1)", "torch.argmax(z, -1)")])
def test_a_choice_keeps_its_value_and_gets_the_slope_of_a_softmax(call: str) -> None:
    value, slope = computed(with_soft_choice(call, {1}))
    assert torch.allclose(value, torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    z = torch.tensor([[0.3, -1.2, 0.9], [2.0, 0.1, -0.4]], requires_grad=True)
    (torch.softmax(z, -1) * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
    assert torch.allclose(slope, z.grad)


@pytest.mark.parametrize("lines", [{2}, set()])
def test_no_edit_on_another_line(lines: set[int]) -> None:
    assert with_soft_choice(CHOICE, lines) == CHOICE
    assert with_soft_choice(CHOICE * 2, {1, 2}) == CHOICE * 2, "two places are not one"
    assert with_tanh("w = z.sign()\n", lines) == "w = z.sign()\n"


@pytest.mark.parametrize(
    ("line", "kind", "slope"),
    [
        ("w = torch.round(z)\n", "round", [[1.0, 2, 4], [1, 2, 4]]),
        ("w = z.floor()\n", "floor", [[1.0, 2, 4], [1, 2, 4]]),
        ("w = torch.sign(z)\n", "sign", [[1.0, 0, 4], [0, 2, 4]]),
        ("w = (z > 0.5).float()\n", "comparison", [[0.5, 0, 2], [0, 1, 2]]),
        ("w = (0.5 < z).float()\n", "comparison", [[0.5, 0, 2], [0, 1, 2]]),
    ],
)
def test_thresholds_keep_their_value_and_pass_the_gradient(line, kind, slope) -> None:
    z = torch.tensor([[0.3, -1.2, 0.9], [2.0, 0.1, -0.4]])
    plain = {"torch": torch, "z": z}
    exec(line, plain)
    value, gradient = computed(with_straight_through(line, kind, {1}))
    assert torch.allclose(value, plain["w"], atol=1e-6)
    assert torch.allclose(gradient, torch.tensor(slope, dtype=torch.float32))


def test_a_sign_becomes_smooth() -> None:
    assert with_tanh("w = torch.sign(f(z))\n", {1}) == "w = torch.tanh(f(z))\n"
