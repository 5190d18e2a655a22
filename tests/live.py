"""A server for tests: the command `kg serve` itself, on a free port, over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# A machine may be busy: only a test that gives a --timeout of its own is about time.
PATIENCE = ("--timeout", "60")


@contextmanager
def served(*command: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """Run `kg serve` with options and yield its URL without the last slash."""
    with running(*command, options=options) as (url, _):
        yield url


@contextmanager
def running(*command: str, options: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Run `kg serve` with options and yield its URL without the last slash, and its process."""
    # KG=/path/to/kg runs the tests against an installed wheel.
    kg = command or tuple(os.environ.get("KG", "").split()) or (sys.executable, "-m", "kg")
    process = subprocess.Popen(
        [*kg, "serve", "--port", "0", *PATIENCE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("kg serves http://"), line + (process.stderr.read() if process.stderr else "")
        yield line.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.communicate(timeout=300)  # A machine may be busy.


def with_load(seconds: float) -> float:
    """Return the seconds that something may take now: as much longer as the load exceeds the cores of the machine."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def lives(pid: int) -> bool:
    """Return whether a process runs; one that is dead and not yet reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return not Path("/proc").exists()  # macOS has none; elsewhere it is gone by now.


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def patient(url: str, seconds: float = 300) -> None:
    """Wait while a server answers that what it is asked for is being made."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if request(url, urlsplit(url).path, "GET", None, {}).status != 503:
            return
        time.sleep(0.2)


@dataclass
class Answer:
    """What the server answered to one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def count(self) -> int:
        return int(self.body.split()[1])

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["Content-Type"] == "application/problem+json"
        body: dict[str, object] = json.loads(self.body)
        return body


def request(
    base: str, path: str, method: str, body: bytes | None, headers: dict[str, str], seconds: float = 90
) -> Answer:
    """Send one request on a connection of its own."""
    with closing(http.client.HTTPConnection(urlsplit(base).netloc, timeout=seconds)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
