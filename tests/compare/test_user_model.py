"""A model and data of the user's own, by reference: built, swapped, rescaled, hashed, refused."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import rectifier
from rectifier.compare import network, reference
from rectifier.compare.arm import Arm, arms
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.reference import source_hash
from rectifier.compare.run import run_comparison
from rectifier.compare.store import Store
from rectifier.compare.subject import of_user
from rectifier.compare.user_data import user_task
from rectifier.errors import InvalidInputError

HELPER = "WIDTH = 12\n"
NET = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from own_sizes import WIDTH

class Net(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.one = nn.Linear(inputs, WIDTH)
        self.act = nn.ReLU()
        self.two = nn.Linear(WIDTH, WIDTH)
        self.gate = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, classes)

    def forward(self, x):
        x = self.act(self.one(x))
        x = F.relu(self.two(x)) * torch.sigmoid(self.gate(x))
        return F.relu(self.out(x)) if OUTPUT else self.out(x)

OUTPUT = False

def build(inputs, classes):
    return Net(inputs, classes)

def build_output(inputs, classes):
    global OUTPUT
    OUTPUT = True
    return Net(inputs, classes)

def wants_depth(inputs, depth):
    return None

def gives_none():
    return None

def too_few(inputs, classes):
    return nn.Sequential(nn.Linear(inputs, 4), nn.ReLU(), nn.Linear(4, classes - 1))

def linear(inputs, classes):
    return nn.Linear(inputs, classes)

def load():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 5))
    return x, (x[:, 0] > 0).astype(int) + 2 * (x[:, 1] > 0)

def load_values():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 5)).astype("float32")
    return torch.from_numpy(x), torch.from_numpy(x[:, :1] - x[:, 1:2] ** 2)

def load_sets():
    x, y = load()
    pairs = [(torch.tensor(a, dtype=torch.float32), int(b)) for a, b in zip(x, y)]
    class Set(torch.utils.data.Dataset):
        def __init__(self, pairs):
            self.pairs = pairs
        def __len__(self):
            return len(self.pairs)
        def __getitem__(self, place):
            return self.pairs[place]
    return Set(pairs[:150]), Set(pairs[150:])

def load_text():
    return "x and y"

def load_broken():
    raise OSError("the disk is on fire")
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with networks and data, which imports another file of the user's."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_sizes.py").write_text(HELPER)
    path = tmp_path / "own_net.py"
    path.write_text(NET)
    return str(path)


def plan_of(net: str, activations: object = ("gelu",), **options: object) -> Plan:
    small = {"seeds": 2, "studies": 1, "points": 2, "epochs": 2, "batch": 32, "timing": False}
    return make_plan(activations=activations, model=net, **{**small, **options})  # type: ignore[arg-type]


def built(net: str, activations: str, function: str = "build") -> nn.Module:
    plan = plan_of(f"{net}:{function}", [activations], data_from=f"{net}:load")
    (arm,) = arms([activations])
    example = torch.from_numpy(plan.task.load(0).train_x[:2])
    shapes = network.Shapes((5,), 4, "labels")
    return network.build(plan.subject, arm, shapes, 3, example)


def test_every_hidden_place_is_swapped_and_output_and_gates_are_not(net: str) -> None:
    plan = plan_of(f"{net}:build_output", ["gelu", "prelu"], data_from=f"{net}:load")
    assert plan.subject.functions == ("relu",)
    assert [arm.name for arm in plan.arms] == ["relu", "gelu", "prelu"]
    assert plan.baseline == "relu"
    model = built(net, "gelu", "build_output")
    example = torch.zeros(2, 5)
    assert [s.function for s in network.hidden_sites(model, example)] == ["gelu", "gelu", "sigmoid"]
    whole = rectifier.torch.sites.trace(model.eval(), example)
    assert [site.function for site in whole] == ["gelu", "gelu", "sigmoid", "relu"]
    # Module and function call each have a slope of their own, and it is trained without decay.
    model = built(net, "prelu")
    slopes = [p for name, p in model.named_parameters() if p.numel() == 1]
    assert len(slopes) == 2
    groups = rectifier.torch.parameter_groups(model, weight_decay=0.1)
    assert {id(p) for p in slopes} <= {id(p) for p in groups[1]["params"]}
    assert groups[1]["weight_decay"] == 0


def test_a_mix_goes_by_place(net: str) -> None:
    model = built(net, "tanh|gelu")
    found = network.hidden_sites(model, torch.zeros(2, 5))
    assert [site.function for site in found] == ["tanh", "gelu", "sigmoid"]


def test_layers_before_are_rescaled_by_the_ratio_of_gains(net: str) -> None:
    plain, tanh = built(net, "relu"), built(net, "tanh")
    ratio = rectifier.gain("tanh") / rectifier.gain("relu")
    torch.testing.assert_close(tanh.one.weight, plain.one.weight * ratio)
    torch.testing.assert_close(tanh.two.weight, plain.two.weight * ratio)
    assert torch.equal(tanh.out.weight, plain.out.weight)
    assert torch.equal(tanh.gate.weight, plain.gate.weight)


def test_the_baseline_is_the_model_itself(net: str) -> None:
    plan = plan_of(net)
    shapes, example = network.Shapes((5,), 4, "labels"), torch.zeros(2, 5)
    model = network.build(plan.subject, plan.arms[0], shapes, 3, example)
    assert "forward" not in model.__dict__
    assert torch.equal(model.one.weight, built(net, "relu").one.weight)


@pytest.mark.parametrize("load", ["load", "load_values", "load_sets"])
def test_a_whole_comparison_runs(net: str, load: str) -> None:
    plan = plan_of(f"{net}:build", ["gelu", "x*sigmoid(1.5*x)"], data_from=f"{net}:{load}")
    with Store() as store:
        found = run_comparison(plan, store, engine="inline")
    assert len(found.rows) == 3
    assert {row.failed_seeds for row in found.rows} == {0}, [row.failure for row in found.rows]
    assert "relu was replaced at every hidden place" in found.protocol[0]
    kind = "values" if load == "load_values" else "labels"
    assert plan.facts[0].kind == kind
    assert found.metric == {"values": "test R²", "labels": "test accuracy"}[kind]


def test_sets_of_torch_keep_their_test_split(net: str) -> None:
    task = user_task(f"{net}:load_sets")
    first, second = task.load(0), task.load(1)
    assert len(first.test_x) == 50
    assert len(first.train_x) + len(first.validation_x) == 150
    np.testing.assert_array_equal(first.test_y, second.test_y)
    assert first.checksum != second.checksum


@pytest.mark.parametrize(
    ("model", "load", "message"),
    [
        ("own_net.py", "load", "there is no file own_net.py"),
        ("NET:nothing", "load", "has no 'nothing' for --model; it has .*build"),
        ("NET:wants_depth", "load", "needs 'depth', which compare cannot know"),
        ("NET:gives_none", "load", "gave a NoneType, not a torch.nn.Module"),
        ("NET:too_few", "load", r"gives outputs of shape \(2, 3\) for 2 samples .* need \(2, 4\)"),
        ("NET:linear", "load", "applies no activation before a layer with weights"),
        ("NET:build", "load_text", "gave a str; expected"),
        ("NET:build", "load_broken", "failed: OSError: the disk is on fire"),
        ("no_such_package.net:build", "load", "there is no module no_such_package.net"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    net: str, model: str, load: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        plan_of(model.replace("NET", net), data_from=f"{net}:{load}")
    assert "\n" not in str(caught.value)


def test_functions_to_replace_can_be_named(net: str) -> None:
    task = user_task(f"{net}:load")
    subject, own, _ = of_user(f"{net}:build", task, 1, ["sigmoid"])
    assert subject.functions == ("sigmoid",)
    assert own.name == "sigmoid"
    with pytest.raises(InvalidInputError, match="applies no 'tanh' at a hidden place; it applies"):
        of_user(f"{net}:build", task, 1, ["tanh"])


def test_a_changed_file_changes_the_hash_also_one_that_is_imported(net: str) -> None:
    before = source_hash(net)
    assert source_hash(f"{net}:build") == before
    helper = Path(net).parent / "own_sizes.py"
    helper.write_text("WIDTH = 13\n")
    changed = source_hash(net)
    assert changed != before
    Path(net).write_text(NET + "\n# more\n")
    assert source_hash(net) != changed
    (Path(net).parent / "unrelated.py").write_text("x = 1\n")
    helper.write_text(HELPER)
    Path(net).write_text(NET)
    assert source_hash(net) == before


def test_what_a_package_runs_when_imported_is_in_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "outer_of_mine" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("")
    (inner / "net.py").write_text("def build():\n    return None\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    named = "outer_of_mine.inner.net:build"
    before = source_hash(named)
    (inner.parent / "__init__.py").write_text(
        "import torch\ntorch.set_default_dtype(torch.float64)\n"
    )
    assert source_hash(named) != before
    (inner.parent / "__init__.py").write_text("")
    assert source_hash(named) == before


OTHERS = """
import importlib
import json
from pathlib import Path
import installed_layers
from torch import nn

def build(inputs, classes):
    width = json.loads((Path(__file__).parent / "net.json").read_text())["width"]
    with open(Path(__file__).parent / "scale.txt") as stream:
        scale = float(stream.read())
    depth = importlib.import_module("own" + "_depth").DEPTH
    inner = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())]
    net = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), *inner, nn.Linear(width, classes))
    net[0].weight.data.mul_(scale)
    return net
"""


def test_what_a_network_is_made_from_beside_its_code_changes_the_hash(
    net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    info = packages / "installed_layers-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "installed_layers.py").write_text("")
    (info / "RECORD").write_text("installed_layers.py,,\n")
    monkeypatch.syspath_prepend(str(packages))
    place = tmp_path / "own_others.py"
    place.write_text(OTHERS)
    texts = {
        info / "METADATA": "Name: installed-layers\nVersion: 1.0\n",
        tmp_path / "net.json": '{"width": 6}',
        tmp_path / "scale.txt": "1.0",
        tmp_path / "own_depth.py": "DEPTH = 1\n",
    }

    def code() -> str:
        reference._owners.cache_clear()
        sys.modules.pop("own_depth", None)
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        return of_user(f"{place}:build", user_task(f"{net}:load"), 1, None)[0].code

    for file, text in texts.items():
        file.write_text(text)
    before = code()
    assert code() == before
    for file, text in texts.items():
        file.write_text(text.replace("1", "2").replace("6", "7"))
        assert code() != before, file
        file.write_text(text)
    assert code() == before
    (tmp_path / "unrelated.json").write_text("{}")
    assert code() == before


def test_what_a_step_costs_is_asked_on_equal_terms() -> None:
    """A replaced function call takes longer by itself; the model's own must bear that, too."""

    class Calls(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(torch.relu(self.one(x)))

    x = torch.randn(8, 4)
    plain, equal = Calls(), Calls()
    equal.load_state_dict(plain.state_dict())
    (relu,) = arms(["relu"])
    network.place(plain, relu, ("relu",), x)
    assert "forward" not in plain.__dict__, "the model as it is was touched"
    network.place(equal, relu, ("relu",), x, on_equal_terms=True)
    assert "forward" in equal.__dict__
    assert torch.equal(plain(x), equal(x))
    # The arm that compare makes of a user's model has no activation of its own to put in.
    own, kept = Calls(), Calls()
    own.load_state_dict(plain.state_dict())
    network.place(kept, Arm("relu", ()), ("relu",), x)
    assert "forward" not in kept.__dict__
    network.place(own, Arm("relu", ()), ("relu",), x, on_equal_terms=True)
    assert "forward" in own.__dict__
    assert torch.equal(plain(x), own(x))


def test_what_a_network_is_for_is_guessed_from_its_layers() -> None:
    from torch import nn

    from rectifier.compare.network import Shapes
    from rectifier.compare.subject import _domain

    flat, image = Shapes((5,), 2, "labels"), Shapes((1, 8, 8), 2, "labels")
    assert _domain(nn.Conv2d(1, 2, 3), image)[0] == "vision"
    assert _domain(nn.GRU(3, 4), Shapes((7, 3), 2, "labels"))[0] == "series"
    assert _domain(nn.Conv1d(1, 2, 3), Shapes((1, 9), 2, "labels"))[0] == "series"
    embedded = nn.Sequential(nn.Embedding(9, 4), nn.LSTM(4, 4))
    assert _domain(embedded, Shapes((7,), 9, "tokens"))[0] == "language"
    assert _domain(nn.MultiheadAttention(4, 2), Shapes((7, 4), 2, "labels"))[0] == "language"
    assert _domain(nn.Linear(5, 2), flat)[0] == "tables"
    assert _domain(nn.Linear(8, 2), image) == ("", "")
    assert _domain(nn.Linear(4, 2), Shapes((4,), 2, "episodes"))[0] == "control"
