"""A module in a child process: request, events, result, errors, and an end to what takes too long."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live import lives, until

from kg import child_process
from kg.child_process import Child
from kg.errors import OverMemory, SourceError, Unavailable

MODULE = """
import os, sys, time
from kg import child_process
from kg.errors import OverMemory, SourceError

def work(request, send):
    print("a library prints")
    if request == "raise":
        raise SourceError("broken", where="x.ttl", line=3, column=4, hint="mend it")
    if request == "memory":
        raise OverMemory("too much", limit="memory", retry=5)
    if request == "crash":
        sys.exit("Traceback\\nthe last word")
    if request == "die":
        os._exit(3)
    if request == "hang":
        send({"begin": "hang"})
        time.sleep(60)
    for number in range(3):
        send({"number": number})
    return {"request": request, "isolated": sys.flags.isolated}

if __name__ == "__main__":
    child_process.main(work)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "worker_of_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return "worker_of_test"


def test_result(module: str) -> None:
    large = "x" * 300_000
    assert child_process.run(module, large, seconds=60) == {"request": large, "isolated": 0}


def test_events_come_before_the_result(module: str) -> None:
    events: list[object] = []
    with Child(module, None) as child:
        while (some := child.read()) is not None:
            events += some
        assert child.result() == {"request": None, "isolated": 0}
    assert events == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_errors_are_the_same_in_the_parent(module: str) -> None:
    with pytest.raises(SourceError) as caught:
        child_process.run(module, "raise")
    assert str(caught.value) == "x.ttl:3:4: broken\n  hint: mend it"
    with pytest.raises(OverMemory) as memory:
        child_process.run(module, "memory")
    assert (memory.value.limit, memory.value.retry) == ("memory", 5)


@pytest.mark.parametrize(("request_", "what"), [("crash", "ended with 1: the last word"), ("die", "ended with 3")])
def test_a_child_that_dies(module: str, request_: str, what: str) -> None:
    with pytest.raises(Unavailable, match=what):
        child_process.run(module, request_)


def test_a_child_that_takes_too_long_is_killed(module: str) -> None:
    with pytest.raises(Unavailable, match=r"did not end within 0\.2 s"):
        child_process.run(module, "hang", seconds=0.2)
    with Child(module, "hang") as child:
        assert select.select([child], [], [], 60)[0]
        assert child.read() == [{"begin": "hang"}]
        child.kill()
        child.kill()


def test_a_child_ends_with_its_parent(module: str) -> None:
    code = f"from kg.child_process import Child; child = Child({module!r}, 'hang'); child.read(); "
    code += "print(child._process.pid, flush=True); child.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.send_signal(signal.SIGKILL)
    until(lambda: not lives(child))


def test_isolated_leaves_the_current_folder_aside(module: str) -> None:
    with pytest.raises(Unavailable, match="No module named"):
        child_process.run(module, None, isolated=True)
