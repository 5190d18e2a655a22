"""Tools of others in environments of their own: what they bring does not meet what we use."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def environment(pinned: Path) -> Path:
    """Return the folder of commands of an environment with what a file pins; made once, then kept.

    A test that needs it is skipped where it cannot be installed.
    """
    name = hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"kg-{pinned.stem}-{name}"
    if not (home / "done").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True, timeout=120)
        install = [home / "bin" / "pip", "install", "-q", "--no-input", "--no-deps", "-r", pinned]
        installed = subprocess.run(install, capture_output=True, text=True, timeout=540)
        if installed.returncode:
            pytest.skip(f"{pinned.stem} cannot be installed here: {installed.stderr[-300:]}")
        (home / "done").touch()
    return home / "bin"
