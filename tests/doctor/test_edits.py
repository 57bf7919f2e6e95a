"""Edits where the place is certain, and none elsewhere."""

from __future__ import annotations

import pytest

from rectifier.doctor.edits import (
    with_capped_rate,
    with_clipping,
    without_detach,
    without_output,
)

LOOP = """\
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for x in data:
    loss = f(net(x))
    loss.backward()
    opt.step()
"""


def test_clipping_goes_before_the_step() -> None:
    lines = with_clipping(LOOP, 0.5).splitlines()
    assert lines[4] == "    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)"
    assert lines[5] == "    opt.step()"


@pytest.mark.parametrize(
    "text",
    [
        LOOP + "opt.step()\n",
        LOOP + "other = torch.optim.Adam(critic.parameters())\n",
        LOOP.replace("net.parameters()", "groups"),
        "not python (",
    ],
)
def test_no_clipping_where_the_place_is_not_certain(text: str) -> None:
    assert with_clipping(text, 0.5) == text


@pytest.mark.parametrize(
    ("text", "function", "instead", "want"),
    [
        ("return F.softmax(self.fc(x), dim=1)\n", "softmax", "", "return self.fc(x)\n"),
        ("return self.fc(x).softmax(1)\n", "softmax", "", "return self.fc(x)\n"),
        ("return torch.sigmoid(self.fc(x))\n", "sigmoid", "", "return self.fc(x)\n"),
        (
            "return F.softmax(self.fc(x), dim=1)\n",
            "softmax",
            "sigmoid",
            "return torch.sigmoid(self.fc(x))\n",
        ),
        ("m = S(nn.Linear(4, 2), nn.Tanh())\n", "tanh", "", "m = S(nn.Linear(4, 2))\n"),
        ("m = S(nn.Linear(4, 2), nn.Tanh(),)\n", "tanh", "", "m = S(nn.Linear(4, 2),)\n"),
        ("a = torch.tanh(x)\nb = torch.tanh(y)\n", "tanh", "", None),
        ("act = torch.tanh\n", "tanh", "", None),
    ],
)
def test_an_output_activation_is_taken_out(text, function, instead, want) -> None:
    text = text.replace("return", "y =")
    want = text if want is None else want.replace("return", "y =")
    assert without_output(text, function, instead) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("def forward(self, x):\n    return f(x.detach())\n", "return f(x)"),
        ("def forward(self, x):\n    return f(x.detach(), x.detach())\n", None),
        ("def sample(self, x):\n    return f(x.detach())\n", None),
    ],
)
def test_a_detach_is_taken_out_of_forward(text: str, want: str | None) -> None:
    got = without_detach(text)
    assert got == text if want is None else want in got


def test_a_rate_is_bounded_for_the_time_of_the_step() -> None:
    text = """\
class Opt:
    param_groups = [{"lr": 3.0}, {"lr": 0.01}]
    seen = []
    def step(self):
        self.seen.append([g["lr"] for g in self.param_groups])
optim = lambda parameters: Opt()
class net:
    parameters = staticmethod(lambda: [])
opt = optim(net.parameters())
for _ in range(2):
    opt.step()  # the one
"""
    names: dict = {}
    exec(with_capped_rate(text, 0.5), names)
    assert names["opt"].seen == [[0.5, 0.01]] * 2
    assert [g["lr"] for g in names["opt"].param_groups] == [3.0, 0.01]
    assert with_capped_rate(text + "opt.step()\n", 0.5) == text + "opt.step()\n"


MODULE = """\
class Net(nn.Module):
    def __init__(self):
        self.act = nn.Sigmoid()
        self.out = nn.Softmax(dim=1)
    def forward(self, x):
        x = self.act(self.one(x))
        return self.out(self.two(x))
"""


def test_a_module_held_by_an_attribute_is_not_called_any_more() -> None:
    want = MODULE.replace("self.out(self.two(x))", "self.two(x)")
    assert without_output(MODULE, "softmax") == want


def test_the_line_decides_between_several() -> None:
    text = MODULE.replace("self.out(", "self.act(")
    want = text.replace("return self.act(self.two(x))", "return self.two(x)")
    assert without_output(text, "sigmoid") == text
    assert without_output(text, "sigmoid", lines={7}) == want
    nested = "y = torch.relu(self.b(torch.relu(self.a(x))))\n"
    assert without_output(nested, "relu", lines={1}) == "y = self.b(torch.relu(self.a(x)))\n"


def test_a_detach_is_taken_out_on_its_line() -> None:
    text = "a = f(x.detach())\nb = g(y.detach())\n"
    assert without_detach(text, {2}) == "a = f(x.detach())\nb = g(y)\n"
