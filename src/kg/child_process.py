"""A Python module in a process of its own: a request in, then events and one result out, each a line of JSON.

The parent calls `run`, or keeps a `Child` to watch several at once. The module ends with `child_process.main(work)`,
where `work(request, send)` does the job: `send(...)` tells the parent something meanwhile, what it returns is the
result, and a `KgError` that it raises is raised again in the parent.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from kg.errors import KgError, Unavailable

Event = dict[str, Any]
_CHUNK: Final = 65_536
_WATCH: Final = 0.5  # Seconds between two looks at the parent.
_EVENT, _RESULT, _ERROR = "event", "result", "error"


class Child:
    """A running child process; leaving its `with` block ends it.

    Arguments:
        module: what runs, such as `kg.release.background_process`.
        request: what it gets, as JSON can hold it.
        isolated: leave `PYTHONPATH`, the current folder and the user's packages aside (`python -I`).

    """

    def __init__(self, module: str, request: Any, *, isolated: bool = False) -> None:
        self._module = module
        self._incomplete = b""
        self._result: list[Any] = []
        self._error: KgError | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        command = [sys.executable, *(["-I"] if isolated else []), "-m", module]
        with tempfile.TemporaryFile() as stdin:  # A pipe would fill up where the child does not read.
            stdin.write(json.dumps(request).encode())
            stdin.seek(0)
            self._process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=self._stderr)  # noqa: S603

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def fileno(self) -> int:
        """Return the descriptor to wait for before `read`, for `select` and `selectors`."""
        return self._process.stdout.fileno() if self._process.stdout else -1

    def read(self) -> list[Event] | None:
        """Return the events that have come, or None at the end of the output; waits while there is nothing to read."""
        chunk = os.read(self.fileno(), _CHUNK)
        *lines, self._incomplete = (self._incomplete + chunk).split(b"\n")
        events = []
        for kind, payload in map(json.loads, lines):
            if kind == _EVENT:
                events.append(payload)
            elif kind == _RESULT:
                self._result = [payload]
            else:
                self._error = KgError.from_json(payload)
        return events if chunk else None

    def result(self) -> Any:
        """Return the result of a child whose output has ended.

        Raises:
            KgError: the one that the child raised.
            Unavailable: it died before it had a result; with the last line of what it wrote to standard error.

        """
        status = self._process.wait()
        if self._error:
            raise self._error
        if not self._result:
            self._stderr.seek(0)
            lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
            what = f"{self._module} ended with {status}: {lines[-1] if lines else 'it wrote nothing'}"
            raise Unavailable(what, hint="try again; where it happens again, report it")
        return self._result[0]

    def kill(self) -> None:
        """End the process, if it still runs, and close what belongs to it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()


def run(module: str, request: Any, *, seconds: float | None = None, isolated: bool = False) -> Any:
    """Return the result of a module that runs in a child process; its events are left aside.

    Arguments:
        module: as of `Child`.
        request: as of `Child`.
        isolated: as of `Child`.
        seconds: after which it is killed; None waits as long as it takes.

    Raises:
        KgError: the one that the child raised.
        Unavailable: it died, or took too long.

    """
    end = None if seconds is None else time.monotonic() + seconds
    with Child(module, request, isolated=isolated) as child:
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([child], [], [], left)[0]:
                raise Unavailable(f"{module} did not end within {seconds:g} s", hint="try again later", retry=10)
            if child.read() is None:
                return child.result()


def main(work: Callable[[Any, Callable[[Event], None]], Any]) -> None:
    """Do the work of a child process: read the request from standard input, and write what comes of it.

    What else is printed, by a library for example, goes to standard error. Where the parent dies, the child ends too.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    request = json.load(sys.stdin)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def write(kind: str, payload: Any) -> None:
            output.write(json.dumps([kind, payload]) + "\n")
            output.flush()

        try:
            write(_RESULT, work(request, lambda event: write(_EVENT, event)))
        except KgError as error:
            write(_ERROR, error.to_json())


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)
