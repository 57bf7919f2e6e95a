"""The frame of the command line: help, versions, wrong usage, exit statuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rectifier import __version__
from rectifier.cli.main import COMMANDS, run_command


def test_help_names_every_command_and_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in out
    assert "rectifier repair examples/digits_dying.py" in out
    assert "..." not in out.partition("Commands:")[2], "a summary was cut off"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: rectifier {name}")
    assert "--json" in out or "--png" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["repiar", "x.py"], "did you mean 'repair'"),
        (["show", "mihs"], "did you mean 'mish'"),
        (["show", "swash", "--define", "__import__('os')"], "'"),
        (["list", "--family", "rectifier"], "did you mean 'rectifiers'"),
        (["compare", "--task", "digit"], "did you mean 'digits'"),
        (["compare", "--activations", "relu,gelo"], "did you mean 'gelu'"),
        (["compare", "--activations", ","], "at least one name"),
        (["compare", "--define", "swash"], "NAME=FORMULA"),
        (["compare", "--hidden", "64,many"], "whole numbers with commas"),
        (["compare", "--seeds", "0"], "0 is not in the range"),
        (["compare", "--optimizer", "adan"], "did you mean 'adam'"),
        (["run", "no_such_script.py"], "no_such_script.py"),
        (["run", "-m", "no_such_module_of_mine"], "no_such_module_of_mine"),
        (["run", "--rules", "dying_rely", "x.py"], "did you mean 'dying_relu'"),
        (["repair", "no_such_script.py"], "no_such_script.py"),
        (["run"], "Missing argument 'SCRIPT'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_clear_sentence_and_status_2(
    arguments: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert "Traceback" not in captured.err
    assert not captured.out
    assert not list(tmp_path.iterdir()), "bad input left a file behind"


@pytest.mark.parametrize("option", ["--json", "--html"])
@pytest.mark.parametrize("command", [["compare"], ["run"], ["repair"]])
def test_unusable_places_are_refused_before_any_work(
    command: list[str],
    option: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "script.py"
    script.write_text("open('it_ran', 'w')\n")
    tail = [] if command == ["compare"] else [str(script)]
    places = {
        "": "empty",
        str(tmp_path): "folder",
        str(tmp_path / "missing" / "file"): "does not exist",
        str(script / "file"): "",
    }
    if Path("/proc/self").exists():
        places["/proc/report.html"] = ""
    for place, why in places.items():
        assert run_command([*command, option, place, *tail]) == 2
        assert why in capsys.readouterr().err
    assert not (tmp_path / "it_ran").exists()


def test_python_m_rectifier_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rectifier", "show", "nothing_like_it"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("rectifier: unknown activation 'nothing_like_it'")
    assert done.stderr.count("\n") == 1


def test_without_click_the_command_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['click'] = None; sys.argv = ['rectifier'];"
        "from rectifier.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'rectifier[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
