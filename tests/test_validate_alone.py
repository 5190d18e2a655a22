"""A publication checked alone knows the rest of its project, is told what it says itself, and what was nearly right."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import small_project
from click.testing import CliRunner

from kg.cli import main
from kg.files import project_folder
from kg.validation.check import Plan, check
from kg.validation.findings import Finding
from kg.validation.run import make_plan
from kg.validation.settings import Settings

PREFIXES = """@prefix cluster: <https://w3id.org/klimaatbanen/id/cluster/> .
@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix region: <https://w3id.org/klimaatbanen/id/region/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
ALONE = f"""{PREFIXES}
cluster:zuid
    a kb:Cluster ;
    kb:inRegion region:groningen .
"""
SHAPE = """@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://w3id.org/klimaatbanen/shapes#Region> a sh:NodeShape ; sh:targetClass kb:Region ;
    sh:property <https://w3id.org/klimaatbanen/shapes#namePerLanguage> .
<https://w3id.org/klimaatbanen/shapes#namePerLanguage> a sh:PropertyShape ; sh:path skos:prefLabel ;
    sh:uniqueLang true ; sh:message "Keep one name per language."@en , "Houd per taal een naam."@nl .
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with a publication that names a region of another one."""
    monkeypatch.chdir(tmp_path)
    small_project.write(tmp_path / "whole")
    (tmp_path / "whole" / "shapes" / "names.ttl").write_text(SHAPE, "utf-8")
    for name in ("undefined-term", "untyped-subject"):
        shutil.copy(project_folder() / "shapes" / "checks" / f"{name}.rq", tmp_path / "whole" / "shapes" / "checks")
    write(tmp_path / "whole", ALONE)
    return tmp_path / "whole"


def write(project: Path, text: str) -> None:
    folder = project / "data" / "alone"
    folder.mkdir(exist_ok=True)
    (folder / "facts.ttl").write_text(text, "utf-8")


def plan_of(path: Path) -> Plan:
    """What `kg validate PATH` checks, were kg installed from a wheel: the project that it ships is another."""
    return replace(make_plan(Settings(time_limit=None), [path], project_folder()), shapes_checked=True)


def findings(path: Path) -> list[Finding]:
    return list(check(plan_of(path)).findings)


def test_the_rest_of_the_project_is_known_and_not_checked(project: Path) -> None:
    facts = project / "data" / "small" / "facts.ttl"
    facts.write_text(facts.read_text("utf-8") + "cluster:west kb:inRegoin cluster:noord .\n", "utf-8")
    for path in (project / "data" / "alone", Path("whole/data/alone"), Path("whole/data/alone/facts.ttl")):
        assert findings(path) == []
    plan = plan_of(project / "data" / "alone")
    assert plan.shapes == [project / "shapes"]
    assert [str(item.path) for item in plan.inputs if item.checked] == ["whole/data/alone/facts.ttl"]
    assert {item.path.name for item in plan.inputs if not item.checked} >= {"ontology.ttl", "x.sssom.tsv"}
    assert any(finding.file == "whole/data/small/facts.ttl" for finding in findings(project / "data" / "small"))


def test_elsewhere_only_our_ontology_completes_the_graph(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(ALONE, "utf-8")
    plan = plan_of(tmp_path / "mine.ttl")
    assert plan.shapes == [project_folder() / "shapes"]
    assert {item.path.parent.name for item in plan.inputs if not item.checked} == {"ontology"}


def test_a_finding_on_a_shared_name_points_at_the_file_that_was_given(project: Path) -> None:
    write(project, ALONE + 'region:groningen skos:prefLabel "Groningen en Drenthe"@nl .\n')
    found = [finding for finding in findings(project / "data" / "alone") if finding.focus.endswith("region/groningen")]
    assert found
    assert {(finding.file, finding.line) for finding in found} == {("whole/data/alone/facts.ttl", 9)}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("region:groningen", "region:gronigen", "nearest: region:groningen"),
        ("region:groningen", "regoin:groningen", "nearest: region:"),
        ("id/region/", "id/regio/", "nearest: <https://w3id.org/klimaatbanen/id/region/groningen>"),
        ("kb:inRegion", "kb:inRegoin", "nearest: kb:inRegion"),
        ("a kb:Cluster", "a kb:Clustre", "nearest: kb:Cluster"),
        ("cluster:zuid\n    a kb:Cluster ;", "cluster:nord", "nearest: cluster:noord"),
        (
            "@prefix region: <https://w3id.org/klimaatbanen/id/region/> .\n",
            "",
            "add: @prefix region: <https://w3id.org/klimaatbanen/id/region/> .",
        ),
    ],
)
def test_what_is_nearly_right_names_the_nearest(project: Path, before: str, after: str, said: str) -> None:
    small = project / "data" / "small" / "facts.ttl"
    declared = "@prefix region: <https://w3id.org/klimaatbanen/id/region/> .\n"
    small.write_text(declared + small.read_text("utf-8"), "utf-8")
    assert before in ALONE
    write(project, ALONE.replace(before, after))
    hints = [finding.hint for finding in findings(project / "data" / "alone")]
    assert any(hint.endswith(said) for hint in hints), hints


def test_a_folder_of_questions_brings_its_names(project: Path) -> None:
    queries = project / "queries"
    assert plan_of(queries).project == project, "its own graph answers them"
    names = {item.path.name for item in plan_of(queries).inputs if item.checked}
    assert {"themes.toml", "columns.toml"} <= names
    shutil.copytree(queries / "places", queries / "harbours")
    assert [finding.shape for finding in findings(queries) if finding.shape == "query-theme"] == ["query-theme"]


def test_the_command_says_the_nearest_in_dutch(project: Path) -> None:
    write(project, ALONE.replace("region:groningen", "region:gronigen"))
    run = CliRunner().invoke(main, ["validate", "--no-cache", "--lang", "nl", str(project / "data" / "alone")])
    assert run.exit_code == 1
    assert "het dichtst erbij: " in run.output
