"""A server for tests: the command `kg serve` itself, on a free port, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(*command: str) -> Iterator[str]:
    """Run `kg serve` and yield its URL without the last slash."""
    kg = command or (sys.executable, "-m", "kg")
    process = subprocess.Popen([*kg, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("kg serves http://"), line + (process.stderr.read() if process.stderr else "")
        yield line.split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=10)
