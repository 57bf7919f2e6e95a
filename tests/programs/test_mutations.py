"""Each fault finds a place in some healthy program, changes it, and leaves a script that parses."""

from __future__ import annotations

import ast

import mutants
import mutations
import pytest
from suite import RULES, programs

SOME = [item for item in programs() if not item.faulty][::3]


@pytest.mark.parametrize("name", sorted(mutations.OPERATORS))
def test_a_fault_changes_programs_that_it_applies_to_and_only_these(name: str) -> None:
    assert set(mutations.OPERATORS[name].rules) <= RULES
    found = [item for base in SOME if (item := mutants.mutant(base, name)) is not None]
    assert found
    for item in found:
        assert ast.dump(ast.parse(item.script("faulty"))) != ast.dump(
            ast.parse(item.script("healthy"))
        )


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("rate_hundredfold", "o = SGD(m.w(), lr=a)", "o = SGD(m.w(), lr=a * 100)"),
        ("rate_hundredfold", "o = SGD(p, 0.1)", "o = SGD(p, 0.1 * 100)"),
        ("rate_thousandth", "lr = 0.1\nw -= lr * w.grad", "lr = 0.1 / 1000\nw -= lr * w.grad"),
        ("softmax_under_cross_entropy", "f = CrossEntropyLoss()\nf(m(x), y)",
         "f = CrossEntropyLoss()\nf(torch.softmax(m(x), 1), y)"),
        ("no_zero_grad", "o.zero_grad()\nl.backward()", "pass\nl.backward()"),
        ("activations_gone", "h = F.relu(a)\nk = b.relu()\nz = nn.ReLU()",
         "h = a\nk = b\nz = torch.nn.Identity()"),
        ("schedule_each_batch", "for e in r:\n    for b in d:\n        o.step()\n    sched.step()",
         "for e in r:\n    for b in d:\n        o.step()\n        sched.step()"),
        ("inputs_255fold", "o = Adam(net.parameters())\ny = net(x)\nz = f(x)",
         "o = Adam(net.parameters())\ny = net(x * 255)\nz = f(x)"),
        ("rate_hundredfold", "x = 1", None),
        ("one_step_dropped", "opt.step()\nopt.step()", None),
        ("sigmoids_in_depth", "h = F.relu(a)", None),
    ],
)  # fmt: skip
def test_what_a_fault_looks_like(name: str, before: str, after: str | None) -> None:
    mutated = mutations.mutate(before, name)
    assert (mutated and mutated.strip()) == after


def test_a_mutant_knows_the_program_that_it_was_and_each_fault_has_its_turn() -> None:
    names = ("rate_hundredfold", "rate_hundredfold", "rate_thousandth")
    found = [mutants.mutant(SOME[i], name) for i, name in enumerate(names)]
    items = [item for item in found if item is not None]
    assert len(items) == len(names)
    assert (items[0].base.stem, items[0].base.rules) == (SOME[0].stem, ())
    assert items[0].stem == f"{SOME[0].stem}-rate_hundredfold"
    assert mutants.turns(items, 2) == [items[0], items[2]]
    assert mutants.turns(items, 9) == [items[0], items[2], items[1]]
