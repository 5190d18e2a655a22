"""The wheel: byte-identical twice, whole, and at work in a fresh environment outside the checkout."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from live import served
from wheels import build, run

pytestmark = pytest.mark.check


def test_two_builds_are_byte_identical(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_wheel_carries_the_project_and_no_source_text(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("ontology", "data", "shapes", "queries", "views"):
        kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert kept == {name.removeprefix("kg/project/") for name in names if name.startswith(f"kg/project/{folder}/")}
    ours = ("shapes/cases", "dist-info", "kg/web/templates/", "kg/web/static/editor/licences.txt")
    assert not [name for name in names if name.endswith(".txt") and not any(part in name for part in ours)]


def test_installed_commands_work_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "def#ClimateTable\t5" in run(str(installed), "info", cwd=tmp_path)
    assert "0 violation, 0 warning" in run(str(installed), "validate", cwd=tmp_path)
    assert run(str(installed), "query", "climate/tables", cwd=tmp_path).count("\n") == 6
    with served(str(installed)) as url:
        assert run("curl", "-sf", f"{url}/readyz", cwd=tmp_path).count("ready") == 1
