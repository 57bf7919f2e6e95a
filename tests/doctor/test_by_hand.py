"""Every remedy ends in a sentence on what to edit, where no certain edit could be proposed."""

from __future__ import annotations

import pytest

from rectifier.doctor import remedies
from rectifier.doctor.by_hand import instruction
from rectifier.doctor.finding import Remedy


@pytest.mark.parametrize("action", remedies.names())
def test_every_remedy_has_a_sentence(action: str) -> None:
    said = instruction(Remedy(action, "", {"from": 0.5, "to": 0.05}), {})
    assert said.endswith(".")
    assert said != f"{action.replace('_', ' ')}."


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        (
            Remedy("swap_activation", "", {"from": "relu", "to": "gelu"}, {"sites": ["a"]}),
            "net.py:7",
        ),
        (Remedy("normalize_input", "", {}, {"layers": ["fc1"]}), "'fc1'"),
        (Remedy("add_to_optimizer", "", {"how": "join"}, {"parameters": ["w"]}), "'w'"),
        (Remedy("add_to_optimizer", "", {"how": "attach"}), "no_grad"),
        (Remedy("add_to_optimizer", "", {"how": "step_too"}), "step()"),
        (Remedy("add_to_optimizer", "", {"how": "keep"}, {"parameters": ["fc"]}), "Make 'fc' once"),
        (Remedy("remove_output_activation", "", {"function": "clamp", "hard": True}), "sigmoid"),
        (Remedy("remove_output_activation", "", {"function": "exp", "rate": True}), "log_input"),
        (Remedy("stabilize_loss", "", {"fill": True}), "missing values"),
        (Remedy("stabilize_loss", "", {"decay": True}), "weight_decay"),
        (Remedy("stabilize_loss", "", {"epsilon": 1e-12}), "eps=1e-12"),
        (Remedy("lower_learning_rate", "", {"from": 0.8, "to": 0.08}), "times 0.1"),
        (Remedy("lower_learning_rate", "", {"from": 9.0, "to": 0.1, "cap": True}), "or below"),
        (Remedy("raise_learning_rate", "", {"from": 1e-76, "to": 0.1, "hold": True}), "schedule"),
        (Remedy("swap_activation", "", {"from": "round", "to": "straight_through"}), "detach()"),
    ],
)
def test_it_names_the_place_and_the_edit(remedy: Remedy, words: str) -> None:
    assert words in instruction(remedy, {"a": "net.py:7"})
