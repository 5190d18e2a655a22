"""`kg validate` of a whole project: views, themes and questions with a fault, and random damage in every format."""

from __future__ import annotations

import random
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import small_project

from kg.errors import KgError, SourceError
from kg.files import project_folder
from kg.validation.check import check
from kg.validation.findings import Finding
from kg.validation.run import make_plan
from kg.validation.settings import Settings
from kg.web.views import read_views

pytestmark = pytest.mark.slow

TARGETS = (
    "data/small/facts.ttl",
    *small_project.FORMATS,
    "data/mappings/x.sssom.tsv",
    "queries/places/clusters.rq",
    "queries/places/clusters.csv",
    "queries/themes.toml",
    "queries/columns.toml",
    "views/view.ttl",
    "ontology/ontology.ttl",
    "shapes/views.ttl",
    "shapes/checks/same-as.rq",
)


NO_PATH = ("viewPath", "zeroOrMorePath", "path of a view")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds a small project, in `whole`."""
    monkeypatch.chdir(tmp_path)
    small_project.write(tmp_path / "whole")
    return tmp_path


def findings(project: Path) -> list[Finding]:
    plan = make_plan(Settings(time_limit=None), [], project)
    return list(check(replace(plan, shapes_checked=True)).findings)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "server"),
    [
        ("    sh:path kb:inRegion ;\n", "", "viewPath", "view:case-plain", "needs one sh:path"),
        (
            "sh:path [ sh:inversePath kb:inCluster ]",
            "sh:path [ sh:zeroOrMorePath kb:inCluster ]",
            "viewPath",
            "zero",
            "path",
        ),
        ("sh:order 4.5", 'sh:order "x"', "viewOrder", '"x"', "sh:order is no number"),
        ("view:case-inverse ,", "view:case-inverze ,", "viewMember", "view:case-inverze", "needs one sh:path"),
        ("sh:targetClass kb:Cluster", "sh:targetClass kb:Clustr", "link", "kb:Clustr", ""),
        ('rdfs:label "At a glance"@en , ', "rdfs:label ", "viewGroupLabel", "view:case-summary", ""),
    ],
)
def test_a_fault_in_a_view_is_found_at_its_line(
    project: Path, old: str, new: str, rule: str, line: str, server: str
) -> None:
    path = project / "whole" / "views" / "view.ttl"
    edit(path, old, new)
    found = findings(project / "whole")
    assert {(finding.file, finding.shape.rpartition("#")[2]) for finding in found} == {("whole/views/view.ttl", rule)}
    assert any(line in finding.excerpt for finding in found)
    if server:
        with pytest.raises(SourceError, match=server) as caught:
            read_views(path.parent)
        assert (caught.value.where, "views#" in caught.value.what) == (str(path), True)


def test_the_views_of_the_project_hold_alone_and_together() -> None:
    views = project_folder() / "views"
    for paths in ([views], [views / "climate.ttl"]):
        plan = make_plan(Settings(time_limit=None), paths, project_folder())
        assert check(replace(plan, shapes_checked=True)).findings == ()


def test_a_new_folder_of_questions_is_a_warning_until_it_has_a_name(project: Path) -> None:
    queries = project / "whole" / "queries"
    shutil.copytree(queries / "places", queries / "harbours")
    (warning,) = findings(project / "whole")
    assert (warning.shape, warning.severity, warning.value) == ("query-theme", "warning", "harbours")
    assert (warning.file, warning.line) == ("whole/queries/harbours/clusters.rq", 1)
    assert "themes.toml" in warning.hint
    edit(queries / "themes.toml", "[places]", '[harbours]\nnl = "Havens"\nen = "Harbours"\n\n[places]')
    assert findings(project / "whole") == []
    edit(queries / "themes.toml", 'en = "Harbours"\n', "")
    (names,) = findings(project / "whole")
    assert (names.shape, names.value, names.line, names.severity) == ("query-names", "harbours", 1, "violation")


@pytest.mark.parametrize("file", ["themes.toml", "columns.toml"])
def test_names_that_are_no_toml_are_found_at_their_line(project: Path, file: str) -> None:
    path = project / "whole" / "queries" / file
    path.write_text(path.read_text("utf-8") + "\n[open\n", "utf-8")
    (found,) = findings(project / "whole")
    assert (found.file, found.shape, found.excerpt) == (f"whole/queries/{file}", "syntax", "[open")


@pytest.mark.parametrize(
    ("old", "new", "line", "rule"),
    [
        ("<https://w3id.org", "<https://w3id\\org", 16, "query-syntax"),
        ("kb:inRegion", "<https://w3id.org/klimaatbanen/id/\\u0001>", 17, "query-syntax"),
        ("#+     nl: Cluster\n#+     en: Cluster\n", "", 1, "query-header"),
        ("#+   mark: bar", "#+   mark: pie", 1, "query-header"),
    ],
)
def test_a_question_with_what_is_none_is_found_at_its_line(
    project: Path, old: str, new: str, line: int, rule: str
) -> None:
    edit(project / "whole" / "queries" / "places" / "clusters.rq", old, new)
    (found,) = findings(project / "whole")
    assert (found.file, found.line, found.shape) == ("whole/queries/places/clusters.rq", line, rule)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return a file with one to three faults: bytes changed, lost, added, said twice, or an end that is missing."""
    for _ in range(chance.randint(1, 3)):
        begin = chance.randrange(len(data) + 1)
        end = min(len(data), begin + chance.choice((1, 1, 2, 8, 60)))
        fault = chance.choice(("change", "lose", "add", "repeat", "cut", "mark"))
        if fault == "change":
            data = data[:begin] + chance.randbytes(end - begin) + data[end:]
        elif fault == "lose":
            data = data[:begin] + data[end:]
        elif fault == "add":
            data = data[:begin] + chance.randbytes(chance.randint(1, 4)) + data[begin:]
        elif fault == "repeat":
            data = data[:end] + data[begin:]
        elif fault == "cut":
            data = data[:begin]
        else:
            mark = chance.choice((b"\\", b"<", b">", b'"', b"\n", b"{", b"[", b":", b"\t", b"\0", b"\xff", b"#", b"?"))
            data = data[:begin] + mark + data[begin:]
    return data


def exit_code(project: Path, name: str, seed: int) -> int:
    """Return the exit code of `kg validate` where one file is damaged; -1 where no file is named."""
    copy = project / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project / "whole", copy)
    path = copy / name
    path.write_bytes(damaged(path.read_bytes(), random.Random(seed)))  # noqa: S311
    try:
        plan = make_plan(Settings(time_limit=None), [], copy)
        # The shapes of shapes take most of the time, and say something of the shapes alone.
        report = check(replace(plan, shapes_checked=not name.startswith("shapes/")))
    except KgError as error:
        return error.exit_code if error.where else -1
    return int(report.failed) if all(finding.file for finding in report.findings) else -1


def test_the_small_project_has_no_fault_before_it_is_damaged(project: Path) -> None:
    report = check(make_plan(Settings(time_limit=None), [], project / "whole"))
    assert [(finding.file, finding.shape, finding.value) for finding in report.findings] == []
    assert set(TARGETS) - {name for name in TARGETS if name.startswith("shapes/") or name.endswith(".csv")} == {
        file.removeprefix("whole/") for file in report.files
    }


@pytest.mark.parametrize("name", TARGETS)
def test_damage_is_a_finding_or_an_error_with_its_place(name: str, project: Path) -> None:
    codes = [exit_code(project, name, seed) for seed in range(4)]
    assert set(codes) <= {0, 1, 2}


@pytest.mark.check
def test_much_damage_is_a_finding_or_an_error_with_its_place(project: Path, record_property: Callable) -> None:
    first = secrets.randbelow(10**6)
    print(f"seeds from {first}")
    record_property("seed", first)
    for seed in range(first, first + 500):
        name = TARGETS[seed % len(TARGETS)]
        try:
            assert exit_code(project, name, seed) in {0, 1, 2}
        except Exception as error:
            raise AssertionError(f"{name} with seed {seed}: {error!r}") from error
