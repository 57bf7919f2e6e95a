"""Edits that add something: what they add, and that they add nothing where it is not certain."""

from __future__ import annotations

import pytest

from rectifier.doctor.additions import with_activations, with_fresh_weights, with_guard


@pytest.mark.parametrize(
    ("before", "layers", "after"),
    [
        (
            "net = nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 8), nn.Linear(8, 1))",
            ["0", "1"],
            "net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), "
            "nn.Linear(8, 1))",
        ),
        (
            "import torch\nx = self.fc2(self.fc1(x))",
            ["fc1"],
            "import torch\nx = self.fc2(torch.relu(self.fc1(x)))",
        ),
        (
            "self.a = nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 1))\nself.b = nn.Sequential(z)",
            ["a.0"],
            "self.a = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))\n"
            "self.b = nn.Sequential(z)",
        ),
    ],
)
def test_activations_between_layers(before: str, layers: list[str], after: str) -> None:
    assert with_activations(before, layers, "relu") == after


@pytest.mark.parametrize(
    "text",
    [
        "net = nn.Sequential(*layers)",
        "a = nn.Sequential(x, y)\nb = nn.Sequential(x, y)",
        "import torch\nx = self.fc1(x)\ny = self.fc1(y)",
        "x = self.fc1(x)",
        "not python at all (",
    ],
)
def test_nothing_is_added_where_the_place_is_not_certain(text: str) -> None:
    layer = "0" if "Sequential" in text else "fc1"
    assert with_activations(text, [layer], "relu") == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("l = -torch.log(p).mean()", "l = -torch.log(p.clamp_min(1e-7)).mean()"),
        ("l = -(y * (1 - p).log())", "l = -(y * ((1 - p).clamp_min(1e-7)).log())"),
        ("d = (a - b).pow(2).sum(1).sqrt()", "d = (a - b).pow(2).sum(1).clamp_min(1e-12).sqrt()"),
        ("n = math.log(3)", "n = math.log(3)"),
        ("a, b = x.log(), y.log()", "a, b = x.log(), y.log()"),
    ],
)
def test_one_function_is_guarded(before: str, after: str) -> None:
    assert with_guard(before) == after


def test_weights_are_drawn_anew_before_the_optimizer() -> None:
    text = "import torch\nfor k in (1,):\n    opt = torch.optim.SGD(net.parameters(), lr=0.1)\n"
    edited = with_fresh_weights(text)
    assert "    for module in net.modules():" in edited
    assert edited.endswith(text.splitlines()[-1] + "\n")
    compile(edited, "train.py", "exec")
    two = text + "    other = torch.optim.SGD(net.parameters(), lr=0.1)\n"
    assert with_fresh_weights(two) == two


@pytest.mark.parametrize(
    ("text", "places", "want"),
    [
        (
            "a = torch.log(p)\nb = y * torch.log(q) + z * torch.log(1 - q)\n",
            [("log", 2)],
            "a = torch.log(p)\n"
            "b = y * torch.log(q.clamp_min(1e-7)) + z * torch.log((1 - q).clamp_min(1e-7))\n",
        ),
        ("a = x / x.std(0)\n", [("division", 1)], "a = x / (x.std(0) + 1e-7)\n"),
        ("a = (0.5 * v).exp()\n", [("exp", 1)], "a = ((0.5 * v).clamp_max(20)).exp()\n"),
        ("a = torch.log(p)\n", [("log", 1), ("softmax", 1)], None),
        ("a = torch.log(torch.log(p))\n", [("log", 1)], None),
    ],
)
def test_every_call_that_left_the_finite_numbers_is_guarded_or_none(text, places, want) -> None:
    assert with_guard(text, places) == (text if want is None else want)


def test_fresh_weights_before_an_optimiser_that_shares_its_line() -> None:
    text = "import torch\nm = M(); o = torch.optim.Adam(m.parameters(), 1e-3)\n"
    lines = with_fresh_weights(text).splitlines()
    assert lines[1:3] == [
        "m = M()",
        "for module in m.modules():  # weights on the scale of their inputs",
    ]
    assert lines[-1] == "o = torch.optim.Adam(m.parameters(), 1e-3)"
    inside = "import torch\nif go: m = M(); o = torch.optim.Adam(m.parameters(), 1e-3)\n"
    assert with_fresh_weights(inside) == inside
