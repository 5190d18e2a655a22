"""The editor bundle: built twice to the same bytes, with its licences, in wheel and source archive, or left out."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT

pytestmark = pytest.mark.check


def build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kg_editor_build", ROOT / "src" / "editor" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return build_module()


def packed(folder: Path, *options: str, **environment: str) -> list[Path]:
    """Build the package where there is no npm; return what was made."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), *options, str(ROOT)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "KG_EDITOR"))}
    done = subprocess.run(
        command, env={**kept, "PATH": "", **environment}, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.iterdir())


def test_two_builds_are_byte_identical_and_are_what_is_served(builder: ModuleType, tmp_path: Path) -> None:
    builder.build(tmp_path / "one")
    builder.build(tmp_path / "two")
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert files == {path.name: path.read_bytes() for path in builder.OUT.iterdir()}, "make editor"
    assert set(files) == {"editor.js", "editor.css", "licences.txt", "source.sha256"}


def test_the_types_of_the_source_hold(builder: ModuleType, tmp_path: Path) -> None:
    work = tmp_path / "editor"
    shutil.copytree(builder.HERE, work, ignore=shutil.ignore_patterns("node_modules"))
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "check"]):
        done = subprocess.run([*builder.npm(), *command], cwd=work, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr


def test_licences_of_all_packages_in_the_bundle_are_shipped(builder: ModuleType) -> None:
    text = (builder.OUT / "licences.txt").read_text("utf-8")
    told = json.loads((ROOT / "src" / "editor" / "package.json").read_text("utf-8"))
    for name, version in told["dependencies"].items():
        assert f"{name} {version} (MIT)" in text
    assert text.count("Permission is hereby granted") >= len(told["dependencies"])


def test_the_source_archive_carries_the_bundle_so_that_a_wheel_of_it_needs_no_node(tmp_path: Path) -> None:
    wheel, archive = sorted(packed(tmp_path), key=lambda path: path.suffix, reverse=True)
    with tarfile.open(archive) as held:
        names = {Path(name).name for name in held.getnames() if "/static/editor/" in name}
    assert names == {"editor.js", "editor.css", "licences.txt", "source.sha256"}
    assert names == {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "/static/editor/" in name}


def test_the_editor_can_be_left_out(tmp_path: Path) -> None:
    (wheel,) = packed(tmp_path, "--wheel", KG_EDITOR="no")
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "/static/editor/" in name]


def test_without_node_it_says_so_and_fails_only_where_it_is_required(tmp_path: Path) -> None:
    """The build of a fresh clone, by a Python that has no Node and no pip."""
    shutil.copytree(ROOT / "src" / "editor", tmp_path / "src" / "editor")
    command = [sys.executable, "-S", "-s", str(tmp_path / "src" / "editor" / "build.py")]
    for mode, code in (("", 0), ("require", 2), ("no", 0)):
        done = subprocess.run(command, env={"PATH": "", "KG_EDITOR": mode}, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stderr
        assert ("the plain form" in done.stderr) == (mode != "no")
    assert not (tmp_path / "src" / "kg").exists()
