"""The benches run: each command that a page of docs names, short."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.check
def test_ours_fails_no_case_of_the_protocols() -> None:
    command = [sys.executable, "bench/protocol.py", "--only", "ours"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "ours: 0 failed" in run.stderr
    assert run.stdout.count("| pass |") > 190
