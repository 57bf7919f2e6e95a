"""Edits where the place is certain, and none elsewhere."""

from __future__ import annotations

import pytest

from rectifier.doctor.edits import with_clipping, without_detach, without_output

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
