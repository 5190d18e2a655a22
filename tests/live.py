"""A server for tests: the command `kg serve` itself, on a free port, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(*command: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """Run `kg serve` with options and yield its URL without the last slash."""
    with running(*command, options=options) as (url, _):
        yield url


@contextmanager
def running(*command: str, options: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Run `kg serve` with options and yield its URL without the last slash, and its process."""
    kg = command or (sys.executable, "-m", "kg")
    process = subprocess.Popen(
        [*kg, "serve", "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("kg serves http://"), line + (process.stderr.read() if process.stderr else "")
        yield line.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.communicate(timeout=10)
