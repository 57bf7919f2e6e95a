"""Running a script in a process of its own: output passed on and kept, input replayed, Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from rectifier.doctor import child

pytestmark = pytest.mark.skipif(os.name == "nt", reason="uses POSIX signals")


def python(code: str, given: child.Input, echo: child.Echo | None = None) -> child.Ended:
    return child.run([sys.executable, "-c", code], given, echo or (lambda text, error: None))


@pytest.fixture
def nothing():
    """Standard input that is at its end."""
    read, write = os.pipe()
    os.close(write)
    yield child.Input(read)
    os.close(read)


def test_both_streams_and_the_status(nothing: child.Input) -> None:
    heard = {False: "", True: ""}

    def hear(text: str, error: bool) -> None:
        heard[error] += text

    code = "import sys; print('é'); sys.stderr.write('bad'); sys.exit(7)"
    ended = python(code, nothing, hear)
    assert (ended.status, ended.interrupted) == (7, False)
    assert heard == {False: "é\n", True: "bad"}
    assert "é" in ended.output
    assert "bad" in ended.output


def test_output_comes_while_the_script_runs(nothing: child.Input) -> None:
    times: list[float] = []
    code = "import time; print(1); time.sleep(0.5); print(2)"
    python(code, nothing, lambda text, error: times.append(time.monotonic()))
    assert times[-1] - times[0] > 0.3


def test_input_is_replayed_to_each_run_and_may_come_late() -> None:
    read, write = os.pipe()
    given = child.Input(read)

    def late() -> None:
        time.sleep(0.3)
        os.write(write, b"first\nsecond\n")
        os.close(write)

    threading.Thread(target=late).start()
    code = "import sys; print(input(), len(sys.stdin.read()))"
    assert [python(code, given).output for _ in range(2)] == ["first 7\n"] * 2
    os.close(read)


def test_a_script_that_reads_nothing_does_not_wait_for_input() -> None:
    read, write = os.pipe()  # nobody ever writes or closes
    start = time.monotonic()
    assert python("print('done')", child.Input(read)).output == "done\n"
    assert time.monotonic() - start < 5
    os.close(write)
    os.close(read)


def test_a_killed_script_has_the_shells_status(nothing: child.Input) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert python(code, nothing).status == 137


def test_ctrl_c_is_waited_for(nothing: child.Input) -> None:
    """Also where it reaches this process alone, so that the script must be told."""
    code = (
        "import time\ntry:\n    print('on', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('kept'); raise SystemExit(130)"
    )

    def press(text: str, error: bool) -> None:
        if text.startswith("on"):
            os.kill(os.getpid(), signal.SIGINT)

    ended = python(code, nothing, press)
    assert ended.interrupted
    assert ended.status == 130
    assert "kept" in ended.output
