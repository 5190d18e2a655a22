"""The memory of one command: what others, or the process that starts it, took before does not count."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# A child begins with the peak of the process that forks it (Linux, setmax_mm_hiwater_rss): a small one stands between.
_BETWEEN = (
    "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(done.returncode)"
)


def run_kg(*arguments: str, folder: Path | None = None) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run `kg`, and return what it said and its peak, with that of processes it waited for, in KiB."""
    command = [sys.executable, "-c", _BETWEEN, sys.executable, "-m", "kg", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said, _, peak = done.stderr.rstrip("\n").rpartition("\n")
    return subprocess.CompletedProcess(command, done.returncode, done.stdout, said), int(peak)
