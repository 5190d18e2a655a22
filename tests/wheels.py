"""The wheel, built from the checkout, and a fresh environment with it: made once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> Path:
    """Build the wheel into a folder."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    return next(folder.glob("*.whl"))


def built(shared: Path) -> Path:
    """Return the wheel in a folder that all processes share; the first builds it."""
    with _alone(shared / "wheel.lock"):
        folder = shared / "wheel"
        folder.mkdir(exist_ok=True)
        return next(folder.glob("*.whl"), None) or build(folder)


def installed(shared: Path, wheel: Path) -> Path:
    """Return the command `kg` of an environment that holds the wheel and what it needs; the first makes it."""
    with _alone(shared / "installed.lock"):
        folder = shared / "installed"
        if not folder.exists():
            venv.create(folder, with_pip=True)
            pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
            run(*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock"), cwd=shared)
            run(*pip, "--no-deps", str(wheel), cwd=shared)
        return folder / "bin" / "kg"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
