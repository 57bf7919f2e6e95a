"""A script that is watched behaves as ``python script.py`` would, and leaves the process as it was.

The scripts run in child processes, several to a process where they can: importing torch takes
seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rectifier
from rectifier.errors import ScriptError
from rectifier.watch.script import run_script

DRIVER = """
import json, os, sys
from rectifier.watch.script import run_script
out = open(sys.argv[1], "w")
for target, arguments, module in json.loads(sys.argv[2]):
    before = list(sys.path), sys.argv, sys.modules["__main__"], list(sys.meta_path)
    run = run_script(target, arguments, module=module)
    after = list(sys.path), sys.argv, sys.modules["__main__"], list(sys.meta_path)
    sites = [[s.site, s.source, int(s.unit.active.sum())] for s in run.record.sites]
    out.write(json.dumps({
        "status": run.status, "error": type(run.error).__name__ if run.error else None,
        "steps": run.record.steps, "sites": sites, "notes": run.record.notes,
        "script": run.record.script, "clean": before == after}) + "\\n")
    out.flush()
    print("END", flush=True)
    print("END", file=sys.stderr, flush=True)
"""

NET = """
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 6)
        self.fc2 = nn.Linear(6, 2)
    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))

def train(steps=3, data=None):
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x in data or [torch.randn(5, 4)] * steps:
        loss = net(x).square().mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    return net
"""


class Outcome:
    """What one script printed and what its run returned."""

    def __init__(self, result: dict[str, object], out: str, err: str) -> None:
        self.result = result
        self.out = out
        self.err = err


def run(
    folder: Path,
    scripts: list[tuple[str, list[str], bool]],
    stdin: str = "",
    env: dict[str, str] | None = None,
) -> list[Outcome]:
    results = folder / "results.jsonl"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    environment.update(env or {})
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(results), json.dumps(scripts)],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert len(lines) == len(scripts), done.stderr
    parts = zip(lines, done.stdout.split("END\n"), done.stderr.split("END\n"), strict=False)
    return [Outcome(*part) for part in parts]


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return name


def test_scripts_of_many_kinds(tmp_path: Path) -> None:
    """One process, since each script must also leave it as it found it."""
    plain = write(tmp_path, "plain.py", '''
import os, sys
assert "torch" not in sys.modules and "numpy" not in sys.modules
os.environ["OMP_NUM_THREADS"] = "1"
''' + NET + '''
import argparse, pickle
parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=3)
if __name__ == "__main__":
    import __main__
    assert __main__.Net is Net and __file__ == os.path.abspath("plain.py")
    net = train(parser.parse_args().steps)
    again = pickle.loads(pickle.dumps(net))
    assert type(again) is Net and Net.__module__ == "__main__"
    torch.save(net, "net.pt"); torch.load("net.pt", weights_only=False)
    print(sys.argv, os.path.basename(sys.path[0]), __name__, sys.stdin.readline().strip())
''')  # fmt: skip
    write(tmp_path, "sub/helper.py", "VALUE = 7\n")
    inner = write(
        tmp_path, "sub/inner.py", "import helper, os\nprint(helper.VALUE)\nos.chdir('/')\n"
    )
    raising = write(tmp_path, "raising.py", NET + """
train()
def deep():
    try:
        F.relu("text")
    except TypeError as error:
        raise ValueError("in the script") from error
deep()
""")  # fmt: skip
    shapes = write(tmp_path, "shapes.py", NET + "train(1)\nNet()(torch.zeros(2, 9))\n")
    exits = write(tmp_path, "exits.py", NET + "train(2)\nimport sys\nsys.exit('a message')\n")
    seven = write(tmp_path, "seven.py", "import sys\nsys.exit(7)\n")
    none = write(tmp_path, "none.py", "import sys\nsys.exit()\n")
    syntax = write(tmp_path, "syntax.py", "def broken(:\n")
    interrupt = write(tmp_path, "interrupt.py", NET + "train(4)\nraise KeyboardInterrupt\n")
    hook = write(tmp_path, "hook.py", """
import sys
sys.excepthook = lambda kind, value, trace: print("own hook", kind.__name__)
raise OSError
""")  # fmt: skip
    write(tmp_path, "folder/__main__.py", "import beside\nprint(beside.Y)\n")
    write(tmp_path, "folder/beside.py", "Y = 'beside'\n")
    helped = write(
        tmp_path,
        "helped.py",
        """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--steps")
parser.parse_args()
""",
    )
    fork = write(tmp_path, "fork.py", NET + """
import os
train(2)
print("before", flush=True)
child = os.fork()
if child == 0:
    train(3)
    print("child", flush=True)
    raise SystemExit(5)
print("parent", os.waitpid(child, 0)[1] >> 8)
""")  # fmt: skip
    runs = run(
        tmp_path,
        [
            (plain, ["--steps", "4"], False),
            (inner, [], False),
            (str(tmp_path / raising), [], False),
            (str(tmp_path / shapes), [], False),
            (str(tmp_path / exits), [], False),
            (str(tmp_path / seven), [], False),
            (str(tmp_path / none), [], False),
            (str(tmp_path / syntax), [], False),
            (str(tmp_path / interrupt), [], False),
            (str(tmp_path / fork), [], False),
            (str(tmp_path / hook), [], False),
            (str(tmp_path / helped), ["--help"], False),
            (str(tmp_path / "folder"), [], False),
        ],
        stdin="a line\n",
    )
    assert all(one.result["clean"] for one in runs)
    results = [one.result for one in runs]
    assert [one["status"] for one in results] == [0, 0, 1, 1, 1, 7, 0, 1, 130, 0, 1, 0, 0]
    assert [one["steps"] for one in results] == [4, 0, 3, 1, 2, 0, 0, 0, 4, 2, 0, 0, 0]
    line = next(i for i, text in enumerate(NET.splitlines(), 1) if "F.relu" in text)
    site, source, active = results[0]["sites"][0]  # type: ignore[index]
    assert (site, source.partition(":")[0]) == ("relu", "plain.py")
    assert active > 0
    assert runs[0].out == f"['plain.py', '--steps', '4'] {tmp_path.name} __main__ a line\n"
    assert runs[1].out == "7\n"
    assert "did not import torch" not in str(results[0]["notes"])

    failed = runs[2]
    assert results[2]["error"] == "ValueError"
    assert results[2]["sites"][0][1].endswith(f"raising.py:{line}")  # type: ignore[index]
    assert failed.err.startswith("Traceback (most recent call last):\n")
    assert failed.err.rstrip().endswith("ValueError: in the script")
    assert "The above exception was the direct cause" in failed.err
    for trace in (failed.err, runs[3].err):
        assert str(Path(rectifier.__file__).parent) not in trace  # a clone's folder has its name
        assert "overrides.py" not in trace
        assert "handle_torch_function" not in trace
    assert "mat1 and mat2" in runs[3].err
    assert runs[4].err == "a message\n"
    assert runs[7].err.strip().endswith("SyntaxError: invalid syntax")
    assert runs[8].err.strip().endswith("KeyboardInterrupt")
    assert runs[9].out == "before\nchild\nparent 5\n"
    assert runs[10].out == "own hook OSError\n"
    assert runs[11].out.startswith("usage: helped.py [-h] [--steps STEPS]")
    assert runs[12].out == "beside\n"


def test_a_module_and_workers_that_start_anew(tmp_path: Path) -> None:
    write(tmp_path, "package/__init__.py", "")
    write(tmp_path, "package/part.py", "X = 'relative'\n")
    write(tmp_path, "package/__main__.py", "from . import part\nprint(__package__, part.X)\n")
    workers = (
        NET
        + """
import sys
from torch.utils.data import DataLoader, Dataset

class Data(Dataset):
    def __len__(self):
        return 12
    def __getitem__(self, index):
        return F.relu(torch.randn(4)) - 0.5

if __name__ == "__main__":
    for context in ("fork", "spawn"):
        loader = DataLoader(Data(), batch_size=4, num_workers=1, multiprocessing_context=context)
        train(data=loader)
    print("done", __spec__ and __spec__.name)
"""
    )
    write(tmp_path, "workers.py", workers)
    asis, package = run(tmp_path, [("workers.py", [], False), ("package", [], True)])
    assert asis.result["status"] == 0, asis.err
    assert asis.result["steps"] == 6
    assert asis.out == "done None\n"
    names = [site[0] for site in asis.result["sites"]]  # type: ignore[attr-defined]
    assert names == ["relu", "relu:2"], "one for each of the two networks, none for the workers"
    assert package.out == "package relative\n"


@pytest.mark.parametrize(
    ("target", "module", "message"),
    [
        ("missing.py", False, "cannot find the script 'missing.py'; Python files there: other.py"),
        ("empty", False, "no __main__.py"),
        ("no.such.module", True, "cannot find the module 'no.such.module'"),
        ("bare", True, "cannot find the module 'bare'"),
    ],
)
def test_what_cannot_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, module: bool, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.py").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "__init__.py").write_text("")
    before = list(sys.path), sys.argv
    with pytest.raises(ScriptError, match=message):
        run_script(target, module=module)
    assert (sys.path, sys.argv) == before


def test_a_script_without_torch_leaves_an_empty_record(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text("import json\n")
    torch = sys.modules.pop("torch", None)
    try:
        done = run_script(str(script))
    finally:
        if torch is not None:
            sys.modules["torch"] = torch
    assert done.status == 0
    assert done.record.sites == ()
    assert "did not import torch" in done.record.notes[0]
