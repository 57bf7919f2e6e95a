from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from rectifier.errors import OutputError
from rectifier.report import output


def test_writes_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    output.write_text(target, "one ⟂ \ud800")
    assert target.read_text("utf-8") == "one ⟂ ?"
    target.chmod(0o640)
    output.write_text(target, "two")
    assert target.read_text() == "two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    output.write_text(tmp_path / "ours", "")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "ours")]
    assert modes[0] == modes[1]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    output.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    output.write_text(os.devnull, "gone")
    assert not Path(os.devnull).is_file()


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist; create it"):
        output.check_writable(tmp_path / "no" / "page.html")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"got the folder .*; add a file name"):
        output.write_text(tmp_path, "")


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000])
def test_impossible_names(name: str) -> None:
    with pytest.raises(OutputError):
        output.write_text(name, "")


def test_a_file_as_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        output.write_text(tmp_path / "file" / "page.html", "")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # The trial itself is refused: the superuser, as whom CI may run, is let in by any mode.
    monkeypatch.setattr(output.tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        output.check_writable(tmp_path / "page.html")


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    output.check_writable(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_what_was_there_survives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def full(self: Path, other: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        output.write_text(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
