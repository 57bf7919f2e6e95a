"""Patches that put something in: each applies with ``patch -p1``, runs, and does what it says."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from rectifier.doctor.finding import Remedy
from rectifier.doctor.insertions import Place
from rectifier.doctor.joining import with_parameters
from rectifier.doctor.patch import patch_for

HEAD = "import torch\nfrom torch import nn\n\ntorch.manual_seed(0)\n"
LOOP = """
x, y = torch.randn(40, 3) * torch.tensor([1.0, 90.0, 5.0]) + 7, torch.randn(40, 1)
before = [p.detach().clone() for p in net.parameters()]
for _ in range(3):
    loss = (net(x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
moved = [not torch.equal(p, q) for p, q in zip(net.parameters(), before)]
"""
PLACES = {
    "0": Place("Sequential", "Linear", 8, 1),
    "2": Place("Sequential", "Linear", 8, 1),
    "one": Place("Net", "Linear", 8, 1),
    "two": Place("Net", "Linear", 1, 1),
    "conv": Place("Net", "Conv2d", 4, 1),
}
NORMALIZE = {"mean": [7.0, 7.0, 7.0], "std": [1.0, 90.0, 5.0], "features": 3, "axis": -1}
PLAIN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(3, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))


"""


def patched(folder: Path, text: str, *remedies: Remedy) -> dict[str, Any]:
    """What the patched script leaves; empty where there is no patch."""
    script = folder / "train.py"
    script.write_text(text, encoding="utf-8")
    patch = patch_for(script, remedies, {}, folder, PLACES)
    if not patch:
        return {}
    if shutil.which("patch") is None:
        pytest.skip("the program 'patch' is not here")
    done = subprocess.run(
        ["patch", "-p1"], cwd=folder, input=patch, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return runpy.run_path(str(script))


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        (f"{HEAD}net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))\n", "0"),
        (f"{HEAD}{PLAIN}net = Net().to('cpu')\n", "one"),
    ],
)
def test_the_input_is_normalised(tmp_path: Path, model: str, layer: str) -> None:
    text = f"{model}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}"
    left = patched(tmp_path, text, Remedy("normalize_input", "", NORMALIZE, {"layers": [layer]}))
    entered = []
    left["net"].get_submodule(layer).register_forward_pre_hook(lambda _, a: entered.append(a[0]))
    left["net"](left["x"])
    assert entered[0].std(0) == pytest.approx([1, 1, 1], abs=0.4)
    assert entered[0].mean(0) == pytest.approx([0, 0, 0], abs=0.5)


def test_an_image_is_normalised_by_channel(tmp_path: Path) -> None:
    text = (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(2, 4, 3)\n    def forward(self, x):\n"
        "        return self.conv(x)\nnet = Net()\n"
        "x = torch.rand(4, 2, 6, 6) * 255\nout = net(x)\n"
    )
    settings = {"mean": [100.0, 100.0], "std": [70.0, 70.0], "axis": 1, "clip": 5.0}
    left = patched(tmp_path, text, Remedy("normalize_input", "", settings, {"layers": ["conv"]}))
    want = left["net"].conv._conv_forward((left["x"] - 100) / 70, *left["net"].conv.parameters())
    assert torch.allclose(left["out"], want, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{PLAIN}net, other = Net(), Net()\n",
        f"{HEAD}{PLAIN}net = Net()\nnet = Net()\n",
        f"{HEAD}{PLAIN}net = build()\n",
        f"{HEAD.replace('import torch', 'import torch as t')}{PLAIN}net = Net()\n",
    ],
)
def test_no_patch_where_the_model_is_not_known_for_sure(tmp_path: Path, text: str) -> None:
    remedy = Remedy("normalize_input", "", NORMALIZE, {"layers": ["one"]})
    assert patched(tmp_path, text, remedy) == {}
    assert (
        patched(tmp_path, text, Remedy("insert_normalization", "", {}, {"layers": ["one"]})) == {}
    )


def test_a_wide_input_is_not_written_out(tmp_path: Path) -> None:
    settings = {"mean": [0.0] * 784, "std": [1.0] * 784}
    remedy = Remedy("normalize_input", "", settings, {"layers": ["one"]})
    assert patched(tmp_path, f"{HEAD}{PLAIN}net = Net()\n", remedy) == {}


def test_normalisation_in_a_sequence(tmp_path: Path) -> None:
    model = (
        f"{HEAD}net = nn.Sequential(\n    nn.Linear(3, 8),\n    nn.Sigmoid(),\n"
        "    nn.Linear(8, 8),\n    nn.Sigmoid(),\n    nn.Linear(8, 1),\n)\n"
    )
    text = f"{model}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}"
    left = patched(tmp_path, text, Remedy("insert_normalization", "", {}, {"layers": ["0", "2"]}))
    assert [type(part).__name__ for part in left["net"]] == [
        "Linear", "BatchNorm1d", "Sigmoid", "Linear", "BatchNorm1d", "Sigmoid", "Linear",
    ]  # fmt: skip
    assert all(left["moved"][2:4]), "the optimiser trains it"


def test_normalisation_behind_a_layer_that_forward_calls(tmp_path: Path) -> None:
    text = f"{HEAD}{PLAIN}net = Net()\nopt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}"
    left = patched(tmp_path, text, Remedy("insert_normalization", "", {}, {"layers": ["one"]}))
    assert isinstance(left["net"].one.normalization, torch.nn.BatchNorm1d)
    assert left["net"].one(left["x"]).mean(0).abs().max() < 0.1
    assert len(left["moved"]) == 6
    assert sum(left["moved"]) >= 5


def test_layers_of_sequences_or_images_of_rows_are_left_alone(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"{HEAD}{PLAIN}net = Net()\n", encoding="utf-8")
    remedy = Remedy("insert_normalization", "", {}, {"layers": ["one"]})
    for place in (Place("Net", "Linear", 8, 2), Place("Net", "RNN", 8, 1), Place("Net", "Linear")):
        assert patch_for(script, (remedy,), {}, tmp_path, {"one": place}) == ""


def join(how: str, *names: str, **more: Any) -> Remedy:
    return Remedy("add_to_optimizer", "", {"how": how}, {"parameters": list(names), **more})


LATE = LOOP.replace(
    "    opt.zero_grad()\n    loss.backward()", "    loss.backward()\n    opt.zero_grad()"
)
SPLIT = PLAIN.rstrip().replace("torch.relu(self.one(x))", "self.body(x)") + (
    "\n\n    @torch.no_grad()\n    def body(self, x):\n        return torch.relu(self.one(x))\n\n\n"
)
PARTIAL = f"{HEAD}{PLAIN}net = Net()\n"
APART = (
    f"{HEAD}{PLAIN}body = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU())\n"
    f"net = Net()\nnet.one = nn.Linear(8, 8)\nopt = torch.optim.SGD(net.parameters(), lr=1e-3)\n"
    + LOOP.replace("net(x)", "net(body(x))").replace("net.parameters()", "body.parameters()")
)
TRAINED: dict[str, tuple[str, Remedy]] = {
    "only the head was held": (
        f"{PARTIAL}opt = torch.optim.SGD(net.two.parameters(), lr=1e-3)\n{LOOP}",
        join("join", "one.weight", "one.bias"),
    ),
    "body and head apart": (APART, join("join", "0.weight", "0.bias", "2.weight", "2.bias")),
    "the head came later": (
        f"{PARTIAL}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n"
        f"net.two = nn.Linear(8, 1)\n{LOOP}",
        join("join", "two.weight", "two.bias"),
    ),
    "a plain list": (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.parts = [nn.Linear(3, 8), nn.Linear(8, 1)]\n"
        "        self.gain = nn.Linear(1, 1)\n    def forward(self, x):\n"
        "        for part in self.parts:\n            x = part(x)\n"
        "        return self.gain(x)\n"
        f"net = Net()\nopt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}",
        join("join", "linear", unregistered=True),
    ),
    "a list filled by a loop": (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.parts = []\n        for i, o in ((3, 8), (8, 1)):\n"
        "            self.parts.append(nn.Linear(i, o))\n"
        "        self.gain = nn.Linear(1, 1)\n    def forward(self, x):\n"
        "        for part in self.parts:\n            x = part(x)\n"
        "        return self.gain(x)\n"
        f"net = Net()\nopt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}",
        join("join", "linear", unregistered=True),
    ),
    "everything was frozen": (
        f"{PARTIAL}for p in net.parameters():\n    p.requires_grad = False\n"
        f"opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}",
        join("unfreeze", "one.weight"),
    ),
    "no step": (
        f"{PARTIAL}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n"
        f"{LOOP.replace('    opt.step()', '')}",
        join("step", "one.weight"),
    ),
    "cleared too late": (
        f"{PARTIAL}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LATE}",
        join("keep_gradient", "one.weight"),
    ),
    "no_grad on a method": (
        f"{HEAD}{SPLIT}net = Net()\nopt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{LOOP}",
        join("attach", "one.weight", "one.bias"),
    ),
}


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_what_was_left_out_is_trained(tmp_path: Path, name: str) -> None:
    text, remedy = TRAINED[name]
    assert all(patched(tmp_path, text, remedy)["moved"])


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_without_the_patch_it_is_not(tmp_path: Path, name: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(TRAINED[name][0], encoding="utf-8")
    try:
        moved = runpy.run_path(str(script))["moved"]
    except RuntimeError:  # everything frozen: the backward pass has nothing to do
        return
    assert not all(moved) or (name.endswith(("list", "loop")) and len(moved) == 2)


def test_gradients_are_cleared_behind_the_step(tmp_path: Path) -> None:
    left = LOOP.replace("    opt.zero_grad()\n", "")
    text = f"{PARTIAL}opt = torch.optim.SGD(net.parameters(), lr=1e-3)\n{left}"
    clear = Remedy("clip_gradients", "", {"clear": True}, {})
    done = patched(tmp_path, text, clear)
    assert all(p.grad is None for p in done["net"].parameters())


def test_an_update_becomes_one_in_place() -> None:
    text = "for p in ws:\n    q = p\n    p = p - lr * p.grad  # step\n"
    want = "for p in ws:\n    q = p\n    p -= lr * p.grad  # step\n"
    assert with_parameters(text, "write", ["w"], False) == want
    twice = text + "for w in ws:\n    w = w - w.grad\n"
    assert with_parameters(twice, "write", ["w"], False) == twice
    other = "for p in ws:\n    d = p - start\n    x = x - lr\n"
    assert with_parameters(other, "write", ["w"], False) == other
