"""Validation in a repository of somebody else: what `--init` and docs/ci.md say, run as shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml
from conftest import ROOT
from sarif_kit.validate import validation_errors

CI = (ROOT / "docs" / "ci.md").read_text("utf-8")
WORKFLOWS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", CI, re.DOTALL)]
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .
x:Named a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:name ; sh:minCount 1 ; sh:message "Name it." ] .
"""
GOOD = "@prefix x: <https://example.org/> .\n\nx:a a x:T ; x:name 'a' .\n"
BAD = GOOD + "\nx:b\n  a x:T .\n"


def demo(folder: Path) -> Path:
    """A repository with data and shapes, and a `pip` that installs nothing."""
    for name, text in (("data/a.ttl", GOOD), ("shapes/s.ttl", SHAPES), ("bin/python", ""), ("bin/kg", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "bin/python").write_text('#!/bin/sh\necho "pip: $*" >> installed\n')
    (folder / "bin/kg").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kg "$@"\n')
    for name in ("python", "kg"):
        (folder / "bin" / name).chmod(0o755)
    return folder


def shell(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "KG_PACKAGE": "klimaatbanen-kg",
    }
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment | variables,
    )


def steps(workflow: dict[str, Any]) -> list[str]:
    """The shell of a workflow of GitHub or GitLab, or of a composite action."""
    if "runs" in workflow:
        return [step["run"] for step in workflow["runs"]["steps"] if "run" in step]
    if "jobs" in workflow:
        return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    return [line for job in workflow.values() for line in job["script"]]


def initialised(folder: Path) -> Path:
    assert shell("kg validate --init", demo(folder)).returncode == 0
    return folder


def test_init_writes_a_workflow_and_settings_that_work(tmp_path: Path) -> None:
    folder = initialised(tmp_path)
    workflow = yaml.safe_load((folder / ".github/workflows/kg-validate.yml").read_text())
    assert [shell(step, folder).returncode for step in steps(workflow)] == [0, 0]
    again = shell("kg validate --init", folder)
    assert again.returncode == 2
    assert "there already" in again.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=["github", "gitlab"])
def test_the_examples_of_the_documentation_run(tmp_path: Path, workflow: dict[str, Any]) -> None:
    folder = initialised(tmp_path)
    install, validate = steps(workflow)
    assert shell(install, folder).returncode == 0
    assert "install --quiet klimaatbanen-kg" in (folder / "installed").read_text()
    assert shell(validate, folder).returncode == 0
    (folder / "data/a.ttl").write_text(BAD)
    run = shell(validate, folder)
    assert run.returncode == 1, run.stderr
    log = json.loads((folder / "kg.sarif").read_text())
    assert validation_errors(log) == []
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"]) == (5, 1)
    assert junitparser.JUnitXml.fromfile(str(folder / "kg-junit.xml")).failures == 1


def test_annotations_baseline_and_a_new_fault(tmp_path: Path) -> None:
    folder = initialised(tmp_path)
    (folder / "data/a.ttl").write_text(BAD)
    run = shell("kg validate --format github", folder)
    assert run.returncode == 1
    assert run.stdout.startswith("::error file=data/a.ttl,line=5,col=1,endColumn=4,title=Named::Name it.")
    assert "| `https://example.org/Named` | 1 | 0 | 0 |" in (folder / "summary.md").read_text()
    assert shell("kg validate --write-baseline --baseline known.json", folder).returncode == 0
    with (folder / "kg.toml").open("a") as file:
        file.write('baseline = "known.json"\n')
    assert shell("kg validate", folder).returncode == 0
    (folder / "data/a.ttl").write_text("# moved\n" + BAD + "x:c a x:T .\n")
    run = shell("kg validate --format github", folder)
    assert run.returncode == 1
    assert [line.split(",")[1] for line in run.stdout.splitlines() if line.startswith("::")] == ["line=8"]


def test_the_action_runs(tmp_path: Path) -> None:
    folder = demo(tmp_path)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    install, validate = steps(action)
    assert shell(install, folder).returncode == 0
    given = {"KG_PATHS": "data", "KG_OPTIONS": "--shapes shapes --fail-on violation", "KG_SARIF": "out.sarif"}
    assert shell(validate, folder, **given).returncode == 0
    (folder / "data/a.ttl").write_text(BAD)
    assert shell(validate, folder, **given).returncode == 1
    assert (folder / "out.sarif").is_file()
    named = {name for step in action["runs"]["steps"] for name in re.findall(r"inputs\.([\w-]+)", str(step))}
    assert named == set(action["inputs"])


def test_the_hook_is_one_of_pre_commit() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    assert all(re.search(hook["files"], name) for name in ("a/b.ttl", "a.sssom.tsv", "q.rq"))
    assert not re.search(hook["files"], "a.tsv")


def test_settings_are_documented_as_they_are() -> None:
    from dataclasses import fields

    from kg.validation.settings import Settings

    rows = {name for cell in re.findall(r"^\| (`.*?) \|", CI, re.MULTILINE) for name in re.findall(r"`([\w-]+)`", cell)}
    assert rows == {one.name.replace("_", "-") for one in fields(Settings)} - {"file"}
    assert f"| {Settings.time_limit:.0f} |" in CI
    assert f"| {Settings.max_size} |" in CI


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("kg validate --format pdf", "use one of text, json"),
        ("kg validate --format text --format json", "only one format can go to one place"),
        ("kg validate --format text --format json --output x", "only one format can go to one place"),
        ("kg validate --format sarif=none/out.sarif", "cannot be written"),
        ("kg validate --only nothing", "no rule called nothing"),
        ("kg validate nowhere", "no such file or folder"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, command: str, said: str) -> None:
    run = shell(command, initialised(tmp_path))
    assert run.returncode == 2
    assert said in run.stderr
    assert not list(tmp_path.glob("*.sarif"))


def test_several_formats_in_one_run(tmp_path: Path) -> None:
    folder = initialised(tmp_path)
    run = shell("kg validate --format json --format text=out.txt --format markdown=out.md", folder)
    assert json.loads(run.stdout)["failed"] is False
    assert (folder / "out.txt").read_text() == "1 files checked: 0 violation, 0 warning, 0 info\n"
    assert shell("kg validate --format junit --output out.xml", folder).stdout == ""
    assert (folder / "out.xml").read_text().startswith("<?xml")
