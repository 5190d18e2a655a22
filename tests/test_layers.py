"""Imports only go down: the contracts of import-linter in pyproject.toml hold, and name every room."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

WEB = ROOT / "src" / "kg" / "web"
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


HIDDEN = {"request", "g", "session", "current_app"}


def borrowed(function: ast.FunctionDef) -> set[str]:
    """Return what a function reads of Flask's hidden globals."""
    arguments = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    assigned = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names if name.id in HIDDEN} - arguments - assigned


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda path: str(path.relative_to(WEB)))
def test_the_request_is_read_at_the_door_and_passed_on(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    below = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for door in (node for node in below if node.name in ("init_app", "create_app")):
        below = [node for node in below if node not in set(ast.walk(door))]
    assert {node.name: borrowed(node) for node in below if borrowed(node)} == {}, "pass Context, or what it needs of it"
