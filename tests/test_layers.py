"""Imports only go down: the contracts of import-linter in pyproject.toml hold, and name every room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", "pyproject.toml"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(LINT, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_rooms_import_downwards_only() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout


def test_an_import_upwards_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "kg", tmp_path / "src" / "kg", ignore=shutil.ignore_patterns("*.js", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "src" / "kg" / "errors.py").open("a") as file:
        file.write("import kg.cli\n")
    (tmp_path / "src" / "kg" / "attic.py").touch()
    run = lint(tmp_path)
    assert run.returncode == 1
    assert "kg.errors -> kg.cli" in run.stdout
    assert "attic" in run.stdout, "a room that no layer names"
