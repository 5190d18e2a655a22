"""The wheel: byte-identical twice, whole, and at work in a fresh environment outside the checkout."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from live import served

pytestmark = pytest.mark.check


def run(*command: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
        str(ROOT / "requirements.lock"),
        cwd=folder,
    )
    run(str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel), cwd=folder)
    return folder / "bin" / "kg"


def test_two_builds_are_byte_identical(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_wheel_carries_the_house_and_no_source_text(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("ontology", "data", "shapes", "queries", "views"):
        kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert kept == {name.removeprefix("kg/house/") for name in names if name.startswith(f"kg/house/{folder}/")}
    ours = ("shapes/cases", "dist-info", "kg/web/templates/", "kg/web/static/editor/licences.txt")
    assert not [name for name in names if name.endswith(".txt") and not any(part in name for part in ours)]


def test_installed_commands_work_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "def#ClimateTable\t5" in run(str(installed), "info", cwd=tmp_path)
    assert "0 violation, 0 warning" in run(str(installed), "validate", cwd=tmp_path)
    assert run(str(installed), "query", "climate/tables", cwd=tmp_path).count("\n") == 6
    with served(str(installed)) as url:
        assert run("curl", "-sf", f"{url}/readyz", cwd=tmp_path).count("ready") == 1
