"""Rules on described cases, and cases read off networks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import rectifier
import rectifier.torch as rt
from rectifier import data, models
from rectifier.advice.answer import advise, stance
from rectifier.advice.case import DOMAINS, OUTPUTS, PREFERENCES, Case
from rectifier.advice.model import load, read
from rectifier.advice.rules import RULES, TOPICS
from rectifier.analysis.schemes import SCHEMES
from rectifier.claims import ledger
from rectifier.cli.main import run_command
from rectifier.compare import prior
from rectifier.errors import InvalidInputError, ScriptError, UnknownNameError
from rectifier.training import starts


def choices(**facts: object) -> dict[str, str]:
    return {each.topic: each.rule.choice for each in advise(Case(**facts))}


@pytest.mark.parametrize(
    ("facts", "topic", "choice"),
    [
        ({"domain": "cnn"}, "activation", "relu"),
        ({"domain": "cnn", "prefer": "accuracy"}, "activation", "silu"),
        ({"domain": "transformer"}, "activation", "gelu"),
        ({"domain": "transformer", "prefer": "accuracy"}, "activation", "swiglu"),
        ({"domain": "transformer", "edge": True}, "activation", "relu"),
        ({"domain": "rnn"}, "activation", "tanh"),
        ({"domain": "rnn", "edge": True}, "activation", "tanh"),
        (
            {"domain": "rnn"},
            "initialisation",
            "the cell's own; an LSTM's forget gate with a bias of 1",
        ),
        ({"domain": "rnn", "activations": ("relu",)}, "initialisation", "identity"),
        ({"domain": "rnn", "activations": ("relu",)}, "activation", "relu"),
        ({"domain": "rnn", "activations": ("tanh", "relu")}, "activation", "tanh"),
        (
            {"domain": "rnn", "activations": ("tanh", "relu")},
            "initialisation",
            "the cell's own; an LSTM's forget gate with a bias of 1",
        ),
        (
            {"depth": 30, "batch_norm": False, "other_norm": "layer"},
            "normalisation",
            "keep the normalisation that is there, before each activation",
        ),
        (
            {"domain": "cnn", "batch_norm": False, "other_norm": "group"},
            "normalisation",
            "keep the normalisation that is there, before each activation",
        ),
        (
            {"depth": 30, "batch_norm": False, "domain": "cnn"},
            "normalisation",
            "add shortcuts, with batch normalisation in their branches",
        ),
        (
            {"depth": 30, "batch_norm": True, "residual": False},
            "normalisation",
            "keep batch normalisation and add shortcuts around it",
        ),
        (
            {"depth": 30, "batch_norm": True, "residual": True},
            "normalisation",
            "keep batch normalisation, before each activation",
        ),
        ({"depth": 4, "width": 2, "widths": (64, 64, 64)}, "initialisation", "he_normal"),
        ({"domain": "rl"}, "monitor", "dormant units (rectifier run, or rt.ReDo)"),
        ({"domain": "rl", "prefer": "accuracy"}, "activation", "tanh"),
        ({"domain": "rl", "prefer": "accuracy", "depth": 40}, "activation", "relu"),
        ({"domain": "rl", "prefer": "accuracy", "depth": 40}, "initialisation", "he_normal"),
        ({"domain": "series"}, "activation", "leaky_relu"),
        ({"signed_inputs": True}, "activation", "leaky_relu"),
        ({"depth": 30, "batch_norm": False}, "activation", "selu"),
        ({"depth": 30, "batch_norm": False}, "initialisation", "lecun_normal"),
        ({"depth": 30, "batch_norm": True}, "activation", "relu"),
        ({"domain": "cnn", "depth": 40, "width": 3}, "initialisation", "randomized_asymmetric"),
        ({"depth": 40, "width": 30, "batch_norm": True}, "initialisation", "he_normal"),
        ({"output": "positive"}, "output", "softplus, or the exponential"),
    ],
)
def test_cases(facts: dict[str, object], topic: str, choice: str) -> None:
    assert choices(**facts)[topic] == choice


def test_every_case_gets_an_answer_on_the_topics_that_always_matter() -> None:
    for domain in DOMAINS:
        for prefer in (None, *PREFERENCES):
            for depth in (None, 5, 100):
                found = choices(domain=domain, prefer=prefer, depth=depth)
                assert {*TOPICS} - {"output"} <= set(found)
    for output in OUTPUTS:
        assert "output" in choices(output=output)


def test_what_is_advised_exists_and_every_claim_named_is_one() -> None:
    for rule in RULES:
        assert rule.source.strip()
        for claim in rule.claims:
            ledger.get(claim)
        if rule.topic == "activation" and rule.choice != "swiglu":
            rectifier.get(rule.choice)
        if rule.topic == "initialisation" and " " not in rule.choice:
            assert rule.choice in SCHEMES


def test_compare_gives_the_same_advice_before_it_measures() -> None:
    """One source of prior advice, for every domain that a task can have."""
    named = {domain for task in data.names() if (domain := data.get(task).domain)}
    assert named == set(prior.CASES)
    for domain, case in prior.CASES.items():
        told = prior.advice(domain)
        rule = next(each.rule for each in advise(case) if each.topic == "activation")
        assert rule.choice in told
        assert rule.source in told
        assert all(claim in told for claim in rule.claims)
    assert "silu" in prior.advice("vision"), "where accuracy comes first"
    assert prior.advice("") == ""


def test_facts_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="domain"):
        Case("vision")
    with pytest.raises(InvalidInputError, match="depth"):
        Case(depth=0)
    assert Case(depth=11, width=3).born_dead == pytest.approx(1 - (7 / 8) ** 10)


def test_networks_are_read() -> None:
    resnet = read(models.get("resnet20")((3, 32, 32), 10, width=4)).case
    assert (resnet.domain, resnet.depth, resnet.batch_norm, resnet.residual) == (
        "cnn",
        20,
        True,
        True,
    )
    assert resnet.activations == ("relu",)
    assert resnet.output == "classes"
    plain = read(models.get("gelu_mlp")(64, 10)).case
    assert (plain.domain, plain.depth, plain.batch_norm, plain.residual) == ("mlp", 9, False, False)
    assert (plain.activations, plain.width) == (("gelu",), 128)
    decoder = models.get("transformer_decoder")((16,), 30, size=8, layers=1, heads=2)
    assert read(decoder).case.domain == "transformer"
    assert read(nn.LSTM(4, 8)).case.domain == "rnn"


def test_functional_activations_and_the_last_one_are_seen() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(8, 4), nn.Linear(4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.two(nn.functional.leaky_relu(self.one(x))))

    found = read(Functional()).case
    assert found.activations == ("leaky_relu", "tanh")
    assert found.output_activation == "tanh"
    assert found.output == "bounded"


def test_every_layer_with_weights_counts() -> None:
    recurrent = nn.Sequential(nn.Conv1d(2, 4, 3), nn.ConvTranspose1d(4, 4, 3))
    recurrent.append(nn.LSTM(9, 5, num_layers=2, batch_first=True))
    found = read(recurrent, shapes=[(2, 9)]).case
    assert (found.domain, found.depth) == ("rnn", 4)


def test_inputs_are_made_up_as_the_network_takes_them() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.layer = nn.Embedding(9, 4), nn.Linear(3, 4)

        def forward(self, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
            return nn.functional.silu(self.layer(x) + self.tokens(tokens).mean(dim=1))

    found = read(Two(), shapes=[(3,), (5,)])
    assert not found.notes
    assert found.case.activations == ("silu",)
    assert "once for each input" in read(Two()).notes[0]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_inputs_have_the_precision_of_the_weights(dtype: torch.dtype) -> None:
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1)).to(dtype)
    found = read(network)
    assert not found.notes
    assert found.case.activations == ("relu",)
    assert not read(network, shapes=[(6,)]).notes


def test_a_network_that_cannot_be_run_is_read_from_its_modules() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.act = nn.Linear(3, 2), nn.Mish()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("only on Tuesdays")

    found = read(Odd())
    assert found.case.activations == ("mish",)
    assert "only on Tuesdays" in found.notes[0]


def test_a_shape_that_the_network_does_not_take_is_told_as_that() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    (note,) = read(network, shapes=[(1, 32, 32)]).notes
    assert "does not take samples of shape (1, 32, 32)" in note
    assert "to have 3 channels" in note
    assert "pass --input" not in note


def test_reading_changes_nothing() -> None:
    model = models.get("mish_mlp")(16, 3, width=8, depth=2).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    read(model)
    assert model.training
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "net.py"
    script.write_text(
        "from torch import nn\n"
        "def build():\n    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(),"
        " nn.Linear(8 * 36, 5))\n"
        "wrong = 3\n"
    )
    assert run_command(["advise", f"{script}:build", "--input", "3,8,8", "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["case"]["domain"] == "cnn"
    assert told["case"]["activations"] == ["relu"]
    by_topic = {row["topic"]: row for row in told["advice"]}
    assert by_topic["activation"]["choice"] == "relu"
    assert "has it already" in by_topic["activation"]["note"]
    assert all(row["source"] for row in told["advice"])
    assert "C33" in told["evidence"]
    assert run_command(["advise", "--domain", "rl", "--prefer", "accuracy"]) == 0
    out = capsys.readouterr().out
    assert "tanh" in out
    assert "source: Andrychowicz" in out
    for reference, expected in (
        ("nowhere.py:build", "not there"),
        (f"{script}:other", "has no other"),
        (f"{script}:wrong", "could not be called"),
        (f"{script}", "FILE.py:FUNCTION"),
        ("no_such_module_of_mine:build", "no module"),
    ):
        assert run_command(["advise", reference]) == 2
        assert expected in capsys.readouterr().err


def test_loading_tells_what_failed(tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("1 / 0\n")
    with pytest.raises(ScriptError, match="ZeroDivisionError"):
        load(f"{script}:build")


@pytest.mark.parametrize(
    ("side", "verdict", "settled", "word"),
    [
        ("for", "reproduced", True, "supports it"),
        ("for", "not reproduced", True, "contradicts it"),
        ("for", "contradicted by its source", True, "contradicts it"),
        ("against", "reproduced", True, "contradicts it"),
        ("against", "not reproduced", True, "supports it"),
        ("for", "not reproduced", False, "leaves it open"),
        ("against", "not testable here", True, "leaves it open"),
        ("about", "reproduced", True, "bears on it"),
    ],
)
def test_a_verdict_supports_or_contradicts_advice(
    side: Any, verdict: str, settled: bool, word: str
) -> None:
    assert stance(side, verdict, settled=settled) == word


def test_sides_are_taken_by_claims_that_are_named() -> None:
    for rule in RULES:
        assert set(rule.against) | set(rule.about) <= set(rule.claims), rule.why
        assert not set(rule.against) & set(rule.about), rule.why
    (relu,) = [r for r in RULES if "C38" in r.claims]
    assert [relu.side(name) for name in ("C33", "C38")] == ["for", "against"]


def test_only_bare_rectified_networks_are_feared_to_be_born_dead() -> None:
    def chosen(**facts: Any) -> str:
        found = advise(Case("cnn", depth=80, width=4, **facts))
        return next(a.rule.choice for a in found if a.topic == "initialisation")

    assert chosen(activations=("relu",)) == "randomized_asymmetric"
    assert chosen() == "randomized_asymmetric"
    assert chosen(batch_norm=True) == "he_normal"
    assert chosen(residual=True) == "he_normal"
    assert chosen(activations=("silu",)) == "he_normal"


def test_a_cell_that_is_called_step_by_step_is_recurrent() -> None:
    case = read(models.get("irnn")((8, 8), 10), torch.randn(2, 8, 8)).case
    assert case.domain == "rnn"
    assert case.residual is False
    assert read(models.get("gelu_mlp")(64, 10)).case.domain == "mlp"


class _Attention(nn.Module):
    """A block of a transformer, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.enter = nn.LayerNorm(8), nn.Linear(8, 24)
        self.leave, self.drop = nn.Linear(8, 8), nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.enter(self.norm(x)).chunk(3, dim=-1)
        shares = (query @ key.transpose(-1, -2)).softmax(dim=-1)
        return x + self.leave(nn.functional.silu(self.drop(shares) @ value))


def test_attention_by_hand_makes_a_transformer() -> None:
    found = read(nn.Sequential(nn.Embedding(9, 8), _Attention(), nn.Linear(8, 9))).case
    assert (found.domain, found.residual, found.other_norm) == ("transformer", True, "layer")
    convolutions = nn.Sequential(*(nn.Conv1d(2, 2, 1) for _ in range(3)))
    assert read(nn.Sequential(convolutions, nn.Linear(64, 8), _Attention())).case.domain == "cnn"
    assert read(nn.Sequential(nn.Linear(4, 8), nn.Softmax(-1))).case.domain == "mlp"


def test_widths_are_those_of_layers_that_relu_follows() -> None:
    """Heads and linear bottlenecks cannot die, so nobody is told that they do."""

    class Policy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
            self.moves, self.value = nn.Linear(32, 3), nn.Linear(32, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            hidden = self.body(x)
            return self.moves(hidden), torch.relu(self.value(hidden))

    found = read(Policy()).case
    assert (found.width, found.widths) == (32, (64, 32))
    assert found.born_dead is not None
    assert found.born_dead < 1e-9
    bottleneck = nn.Sequential(
        nn.Linear(9, 16), nn.ReLU(), nn.Linear(16, 2), nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 9)
    )
    assert read(bottleneck).case.widths == (16, 16)
    narrow = bottleneck[:3].append(nn.ReLU()).extend(bottleneck[3:])
    assert read(narrow).case.born_dead == pytest.approx(1 / 4, abs=1e-3)


def test_what_ends_a_network_is_told_from_what_is_within() -> None:
    def ended(*layers: nn.Module) -> Any:
        return read(nn.Sequential(nn.Linear(6, 8), *layers)).case

    # An object of Python's may get the address, and so the id, of one that is gone.
    for _ in range(5):
        assert ended(nn.ReLU(), nn.Linear(8, 3), nn.Softmax(-1)).output_activation == "softmax"
    case = ended(nn.Sigmoid(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
    assert case.activations == ("sigmoid",)
    assert case.output == "probability"
    assert ended(nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()).activations == ("tanh",)
    assert ended(nn.Sigmoid()).activations == ()
    for layer, kind in ((nn.LayerNorm(8), "layer"), (nn.RMSNorm(8), "rms")):
        assert ended(layer, nn.ReLU(), nn.Linear(8, 1)).other_norm == kind


def test_a_sigmoid_that_gates_is_no_activation() -> None:
    class Quick(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = self.one(x)
            result: torch.Tensor = self.two(hidden * torch.sigmoid(1.702 * hidden))
            return result

    assert read(Quick()).case.activations == ("quick_gelu",)


def test_cells_of_torch_are_read() -> None:
    class Loop(nn.Module):
        def __init__(self, cell: nn.Module) -> None:
            super().__init__()
            self.cell, self.end = cell, nn.Linear(7, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            state = x.new_zeros(x.shape[0], 7)
            for step in x.unbind(1):
                state = self.cell(step, state)
            result: torch.Tensor = self.end(state)
            return result

    found = read(Loop(nn.RNNCell(3, 7, nonlinearity="relu")))
    assert not found.notes
    assert (found.case.domain, found.case.activations) == ("rnn", ("relu",))
    broken = read(Loop(nn.RNNCell(3, 8, nonlinearity="relu")))
    assert broken.notes
    assert broken.case.activations == ("relu",)
    assert read(Loop(nn.GRUCell(3, 7))).case.activations == ("tanh",)


def test_every_network_of_the_article_is_read_by_running_it() -> None:
    for name in set(models.names()) - {"rbm"}:  # whose input is a vector of any length
        assert not read(starts.make(name, batch=2).model).notes, name


class _Mish(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(6, 16), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.into(x)
        return self.out(hidden * torch.tanh(nn.functional.softplus(hidden)))


def test_notes_on_activations_can_be_followed() -> None:
    def note(model: nn.Module, **facts: Any) -> str:
        case = dataclasses.replace(read(model).case, **facts)
        return next(each.note for each in advise(case) if each.topic == "activation")

    network = nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Tanh())
    assert "rt.swap(model, 'sigmoid', 'relu')" in note(network)
    assert note(nn.Sequential(nn.Linear(6, 1), nn.Tanh())) == "", "the output is left alone"
    told = note(models.get("gpt_tiny")((8,), 9, size=8, layers=1, heads=2), prefer="accuracy")
    assert "rt.SwiGLU" in told
    assert "rt.swap" not in told
    gated = note(nn.Sequential(nn.Linear(6, 8), rt.SwiGLU(8, 8), nn.Linear(8, 1)))
    assert "put an MLP in its place" in gated
    assert "rt.swap" not in gated, "it has no unit of one number"
    written = note(_Mish())
    assert "the network has mish, written out" in written
    assert "rt.activation('relu')" in written
    assert "rt.swap" not in written, "no call stands for a formula"


def test_nothing_is_said_twice() -> None:
    for domain in DOMAINS:
        for prefer in (None, *PREFERENCES):
            for each in advise(Case(domain, prefer=prefer, depth=30, signed_inputs=True)):
                told = [each.rule.choice, *(rule.choice for rule in each.also)]
                assert len(told) == len(set(told)), told


def test_claims_about_gelu_and_relu_say_nothing_of_gates() -> None:
    (gated,) = (rule for rule in RULES if rule.choice == "swiglu")
    assert gated.side("C32") == "about"


class Sines(nn.Module):
    """Colours at places, by sines."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(size, 16) for size in (2, 16, 16))
        self.out = nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.hidden:
            x = torch.sin(30 * layer(x))
        return self.out(x)


class Sound(nn.Module):
    """Two convolutions, one of which gates the other, as in WaveNet."""

    def __init__(self) -> None:
        super().__init__()
        self.value, self.gate = (nn.Conv1d(1, 8, 3, padding=1) for _ in range(2))
        self.out = nn.Conv1d(8, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.sigmoid(self.gate(x)) * torch.tanh(self.value(x)))


def test_a_network_of_sines_keeps_them() -> None:
    case = read(Sines()).case
    assert case.output is None, "three numbers at a place are no three classes"
    given = {each.topic: each for each in advise(case)}
    assert given["activation"].rule.choice == "sine"
    assert "has it already" in given["activation"].note
    assert "√(6/n)" in given["initialisation"].rule.choice
    assert "1e-4" in given["learning rate"].rule.choice
    assert advise(Case("mlp"))[0].rule.choice == "relu"


def test_what_is_no_activation_by_name_is_not_to_be_swapped_by_name() -> None:
    class Waves(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self[1](torch.cos(self[0](x)))

    case = read(Waves(nn.Linear(4, 8), nn.Linear(8, 1))).case
    assert case.activations == ("cos",)
    note = advise(case)[0].note
    assert "rt.swap" not in note
    assert "rt.activation('relu')" in note


def test_half_of_a_gated_unit_is_not_swapped() -> None:
    case = read(Sound()).case
    assert (case.domain, case.gated, case.activations) == ("cnn", ("tanh",), ("tanh",))
    activation = advise(case)[0]
    assert activation.rule.choice == "tanh"
    assert "rt.swap" not in activation.note
    plain = read(nn.Sequential(nn.Conv1d(1, 8, 3), nn.Tanh(), nn.Conv1d(8, 1, 1))).case
    assert plain.gated == ()
    assert advise(plain)[0].rule.choice == "relu"


def test_cutting_into_patches_makes_no_convolutional_network() -> None:
    mixer = nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), nn.Flatten(2), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 10)
    )
    assert read(mixer).case.domain == "mlp"
    assert read(nn.Sequential(nn.Conv2d(3, 8, 4, 2), nn.ReLU())).case.domain == "cnn"


def test_the_size_of_a_game_screen_is_guessed() -> None:
    player = nn.Sequential(
        nn.Conv2d(4, 8, 8, 4), nn.ReLU(), nn.Conv2d(8, 8, 4, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(8 * 81, 6),
    )  # fmt: skip
    reading = read(player)
    assert reading.notes == ()
    assert reading.case.output == "classes"
