"""`kg diff`: resources by kind, what breaks first, blank nodes by what they say, every kind of side."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.release.compare import DATATYPE, DEPRECATED, MEANING, REMOVED, TYPE, compare
from kg.release.diff_report import Report
from kg.release.states import load_side, name_blank_nodes, side_names

PREFIXES = (
    "@prefix : <https://w3id.org/klimaatbanen/id/measure/> . @prefix kb: <https://w3id.org/klimaatbanen/def#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    "@prefix dct: <http://purl.org/dc/terms/> . @prefix graph: <https://w3id.org/klimaatbanen/graph/> .\n"
    "@prefix gk: <https://w3id.org/klimaatbanen/id/graph-kind/> . @prefix void: <http://rdfs.org/ns/void#> .\n"
)
ID = "https://w3id.org/klimaatbanen/id/measure/"
CCS = ':ccs a kb:ClimateMeasure ; skos:prefLabel "opslag"@nl , "storage"@en ; kb:share 1 .\n'


def side(trig: str) -> list[ox.Quad]:
    return name_blank_nodes(ox.parse(PREFIXES + trig, format=ox.RdfFormat.TRIG))


def kg(*arguments: str, code: int, cwd: Path = ROOT) -> str:
    command = [sys.executable, "-m", "kg", "diff", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr if code == 2 else run.stdout


def test_equal_sides_do_not_differ() -> None:
    found = compare(side(CCS), side(CCS))
    assert not found
    assert found.counts == (0, 0, 0)
    assert Report(found, "a", "b").text() == "a -> b: no difference\n"


def test_added_removed_and_changed_are_grouped_by_kind_with_labels() -> None:
    old = side(CCS + ':a a kb:Region ; skos:prefLabel "weg"@nl .')
    new = side(
        CCS.replace("kb:share 1", 'kb:share 1 ; skos:altLabel "CCS"') + ':b a kb:Region ; skos:prefLabel "nieuw"@nl .'
    )
    found = compare(old, new)
    assert found.counts == (1, 1, 1)
    assert [kind.iri.rpartition("#")[2] for kind in found.kinds] == ["ClimateMeasure", "Region"]
    lines = Report(found, "a", "b", "nl").text().splitlines()
    assert lines == [
        "a -> b: 1 added, 1 removed, 1 changed; 1 breaking",
        "",
        "Breaking for consumers",
        "  removed: weg <id/measure/a>",
        "",
        "ClimateMeasure (def#ClimateMeasure)",
        "  ~ opslag <id/measure/ccs>",
        '      + http://www.w3.org/2004/02/skos/core#altLabel: "CCS"',
        "",
        "Region (def#Region)",
        "  + nieuw <id/measure/b>",
        "  - weg <id/measure/a>",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (CCS, ":x a kb:Region .", {REMOVED}),
        (CCS, CCS.replace('"storage"', '"capture"'), {MEANING}),
        (CCS, CCS.replace(' , "storage"@en', ""), {MEANING}),
        (CCS + ':ccs skos:definition "a"@en .', CCS + ':ccs skos:definition "b"@en .', {MEANING}),
        (CCS, CCS.replace("kb:ClimateMeasure", "kb:Technique"), {TYPE}),
        (CCS, CCS.replace("kb:share 1", "kb:share 1.0"), {DATATYPE}),
        (CCS, CCS.replace("kb:share 1", "kb:share :x"), {DATATYPE}),
        (CCS, CCS + ":ccs owl:deprecated true ; dct:isReplacedBy :ccu .", {DEPRECATED}),
        (CCS, CCS + ':ccs skos:definition "new"@en ; skos:altLabel "more" .', set()),
        (CCS, CCS + ":new a kb:ClimateMeasure .", set()),
        ("graph:a { " + CCS + " }", "graph:b { " + CCS + " }", set()),
    ],
)
def test_what_breaks_for_consumers(old: str, new: str, what: set[str]) -> None:
    found = compare(side(old), side(new))
    assert found
    assert {one.what for one in found.breaking} == what


def test_a_successor_is_named() -> None:
    found = compare(side(CCS), side(CCS + ":ccs owl:deprecated true ; dct:isReplacedBy :ccu ."))
    assert "deprecated: storage <id/measure/ccs>; replaced by id/measure/ccu" in Report(found, "a", "b").text()


def test_a_statement_that_moves_to_another_graph_is_a_change() -> None:
    found = compare(side("graph:a { " + CCS + " }"), side("graph:b { " + CCS + " }"))
    assert found.counts == (0, 0, 1)
    assert {change.graph.rpartition("/")[2] for change in found.kinds[0].changed[0].changes} == {"a", "b"}
    assert not compare(side("graph:a { " + CCS + " }"), side(CCS)), "one side has no graphs: they do not matter"


def test_what_the_build_makes_is_counted_not_listed() -> None:
    catalogue = "graph:catalogue { graph:inferred kb:graphKind gk:inferred ; void:triples %d . }\n"
    old = side(catalogue % 1 + "graph:inferred { :x kb:via :y }")
    new = side(catalogue % 2 + "graph:inferred { :x kb:via :z . :w kb:via :z }")
    found = compare(old, new)
    assert found.kinds == ()
    assert dict(found.made) == {"https://w3id.org/klimaatbanen/graph/inferred": (2, 1)}
    assert "graph/inferred: 2 added, 1 removed" in Report(found, "a", "b").text()


BLANK = ":a kb:p [ kb:q 1 ; kb:r [ kb:s 2 ] ] , [ kb:q 3 ] ."


def test_blank_nodes_are_compared_by_what_they_say() -> None:
    relabelled = ":a kb:p _:z , _:y . _:y kb:r _:x ; kb:q 1 . _:x kb:s 2 . _:z kb:q 3 ."
    assert not compare(side(BLANK), side(relabelled))
    assert not compare(side(BLANK), side(BLANK + ":b kb:p [ kb:q 0 ] .")).kinds[0].changed
    deep = compare(side(BLANK), side(BLANK.replace("kb:s 2", "kb:s 4")))
    assert [one.iri for one in deep.kinds[0].changed] == [ID + "a"]
    assert not deep.breaking
    ring = ":a kb:p _:1 . _:1 kb:n _:2 . _:2 kb:n _:1 ."
    assert not compare(side(ring), side(ring.replace("_:1", "_:q")))
    assert compare(side(":a kb:p [ kb:q 1 ] , [ kb:q 1 ] ."), side(":a kb:p [ kb:q 1 ] ."))
    assert compare(side("[] kb:q 1 ."), side("[] kb:q 2 .")).counts == (1, 1, 0)


def test_markdown_and_json_say_the_same() -> None:
    found = compare(side(CCS), side(CCS.replace('"storage"', '"<b>*x*"') + ":n a kb:ClimateMeasure ."))
    report = Report(found, "v1", "v2")
    markdown = report.render("markdown")
    assert markdown.startswith(
        "# v1 to v2\n\n1 added, 0 removed, 1 changed; 1 breaking.\n\n## Breaking for consumers\n\n- "
    )
    assert "<b>" not in markdown.replace("\\<", "")
    assert "- added: n \\<id/measure/n\\>" in markdown
    whole = json.loads(report.render("json"))
    assert whole["counts"] == {"added": 1, "removed": 0, "changed": 1, "breaking": 1}
    assert whole["breaking"][0]["what"] == "meaning"
    assert whole["breaking"][0]["iri"] == ID + "ccs"
    assert whole["kinds"][0]["added"] == [{"iri": ID + "n", "label": "n"}]
    assert whole["kinds"][0]["changed"][0]["changes"][0]["removed"] == ['"storage"@en']


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, tmp_path / "project" / name)
    return tmp_path / "project"


def edited(project: Path) -> None:
    file = project / "data" / "industrie-2023" / "editorial" / "climate-tables.ttl"
    text = file.read_text("utf-8")
    assert '"Mobility"@en' in text
    file.write_text(text.replace('"Mobility"@en', '"Transport"@en'), "utf-8")


@pytest.mark.check
def test_revisions_of_a_checkout(project: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    for arguments in (("init",), ("add", "."), ("commit", "-m", "one"), ("tag", "v1")):
        git(*arguments)
    here = ("--project", str(project))
    assert "no difference" in kg("v1", *here, code=0)
    edited(project)
    text = kg("v1", *here, code=1)
    assert '"Mobility"@en -> "Transport"@en' in text
    git("commit", "-am", "two")
    assert kg("v1..HEAD", *here, code=1).splitlines()[1:] == text.splitlines()[1:]
    assert "~ Mobiliteit" in kg("v1..", *here, "--lang", "nl", code=1)
    assert json.loads(kg("v1", "HEAD", *here, "--format", "json", code=1))["new"] == "HEAD"
    for nothing in ("nowhere", "--output=x", "v1..nowhere"):
        assert "no such file, folder or revision" in kg(*here, "--", nothing, code=2)
    git("checkout", "-q", "--orphan", "bare")
    git("rm", "-rq", "--cached", "data")
    git("commit", "-m", "no data")
    assert "no ontology/ and data/" in kg("v1", "bare", *here, code=2)
    git("checkout", "-qf", "v1")
    (project / "data" / "industrie-2023" / "broken.ttl").write_text("# x\n<a> <b", "utf-8")
    git("add", ".")
    git("commit", "-m", "three")
    assert "HEAD/data/industrie-2023/broken.ttl:2:" in kg("v1", "HEAD", *here, code=2)


@pytest.mark.check
def test_projects_releases_and_dumps(project: Path, tmp_path: Path) -> None:
    export = [sys.executable, "-m", "kg", "export", str(tmp_path / "release"), "--project", str(project)]
    subprocess.run(export, check=True, capture_output=True)
    release = tmp_path / "release"
    whole = str(release / "klimaatbanen.nq.gz")
    assert "no difference" in kg(str(project), str(release), code=0)
    assert "no difference" in kg(str(release), whole, code=0)
    assert "no difference" in kg(whole, str(release / "klimaatbanen.jsonld.gz"), code=0)
    edited(project)
    found = kg(whole, str(project), code=1)
    assert found.splitlines()[0].endswith(": 0 added, 0 removed, 1 changed; 1 breaking")
    assert "climate table (kb:ClimateTable)" in found
    graph = release / "graphs" / "klimaattafels.ttl.gz"
    (tmp_path / "a.ttl").write_bytes(gzip.decompress(graph.read_bytes()))
    assert "no difference" in kg(str(graph), str(tmp_path / "a.ttl"), code=0)


def test_a_folder_of_rdf(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.ttl").write_bytes(b"\xef\xbb\xbf" + (PREFIXES + BLANK).encode())
        (tmp_path / name / "y.nt").write_text('_:a <urn:p> "1" .\n', "utf-8")
    assert not compare(load_side(str(tmp_path / "a"), ROOT), load_side(str(tmp_path / "b"), ROOT))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.ttl", b"<a> <b>", "x.ttl:1:"),
        ("x.nq.gz", b"no gzip", "x.nq.gz: Not a gzipped file"),
        ("x.nq.gz", gzip.compress(b"<urn:a> <urn:b> 1 .", mtime=0)[:-9], "x.nq.gz: "),
        ("x.txt", b"", "not known as RDF"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert said in kg(str(tmp_path / name), str(tmp_path / name), code=2)


def test_a_folder_without_rdf_and_a_machine_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="no RDF in it"):
        load_side(str(tmp_path), ROOT)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        load_side("HEAD", ROOT)


def test_a_path_with_dots_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a..b").mkdir()
    assert side_names(str(tmp_path / "a..b"), None, ROOT) == (str(tmp_path / "a..b"), str(ROOT))
    assert side_names("a..b", None, ROOT) == ("a", "b")
    assert side_names("a", "b", ROOT) == ("a", "b")


def test_it_runs_from_a_folder_inside_too(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(PREFIXES + CCS, "utf-8")
    assert "no difference" in kg("a.ttl", "a.ttl", code=0, cwd=tmp_path)
