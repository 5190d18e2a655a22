"""Tools of others in environments of their own: what they bring does not meet what we use."""

from __future__ import annotations

import hashlib
import shutil
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


def node_environment(folder: Path) -> Path:
    """Return the folder of commands of an environment with what the lock file of a folder pins, for Node; as above."""
    name = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"kg-{folder.name}-{name}"
    if shutil.which("npm") is None:
        pytest.skip("there is no npm")
    if not (home / "done").is_file():
        shutil.copytree(folder, home, dirs_exist_ok=True)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        installed = subprocess.run(install, cwd=home, capture_output=True, text=True, timeout=300)
        if installed.returncode:
            pytest.skip(f"{folder.name} cannot be installed here: {installed.stderr[-300:]}")
        (home / "done").touch()
    return home / "node_modules" / ".bin"
