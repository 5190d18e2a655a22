"""The engines agree, shapes and queries that never end are stopped and named, and a dying worker is an error."""

from __future__ import annotations

import random
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import KgError, SourceError, Unavailable
from kg.files import project_folder
from kg.graph.sources import find_sources, read
from kg.validation.check import Plan, check
from kg.validation.documents import find_inputs
from kg.validation.engines import ENGINES, no_progress
from kg.validation.jobs import Job, run_here, run_jobs
from kg.validation.rules import Rules, read_rules
from kg.validation.shacl_report import Result, read_results, term_text

pytestmark = pytest.mark.slow

PREFIXES = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .\n"
CASES = sorted((project_folder() / "shapes" / "cases").rglob("*.ttl"))
# Every pair of nodes of a graph of 60, four times: 60 ** 8 rows.
# The filter needs all that is joined: an engine that tries it earlier would come to an end.
ENDLESS = "SELECT {} WHERE {{ {} FILTER(CONCAT(" + ", ".join(f"STR(?{name})" for name in "abcdefgh") + ') = "x") }}'
JOIN = " ".join(f"?{name} ?p{name} ?o{name} ." for name in "abcdefgh")


def said(rules: Rules, data: list[ox.Quad], engine: str) -> set[tuple[str, ...]]:
    dump = ox.serialize((quad.triple for quad in data), format=ox.RdfFormat.N_TRIPLES)
    outcome = run_here(Job(dump or b"", rules.shapes, engine))
    return {words(one) for one in read_results(outcome.report, rules.triples)}


def words(one: Result) -> tuple[str, ...]:
    messages = sorted(f"{tag} {text}" for tag, text in one.messages.items())
    terms = (term_text(term) for term in (one.focus, one.value, one.shape))
    return (*terms, one.path, one.severity, one.component, *messages)


def test_engines_agree_on_all_shape_cases() -> None:
    rules = read_rules([project_folder() / "shapes"], "en")
    files = [*project_folder().glob("ontology/*.ttl"), *CASES]
    data = [quad for path in files for quad in ox.parse(path=str(path))]
    reference = said(rules, data, "pyshacl")
    assert len(reference) > 100
    assert said(rules, data, "shacl") == reference


@pytest.mark.check
def test_engines_agree_on_seeded_changes() -> None:
    """Twice a tenth of a percent of the data is taken away, or given another object."""
    rules = read_rules([project_folder() / "shapes"], "en")
    data = [quad for _, quads in read(find_sources(project_folder())) for quad in quads]
    chance = random.Random(2023)  # noqa: S311
    for _ in range(2):
        changed = list(changes(data, chance))
        assert said(rules, changed, "shacl") == said(rules, changed, "pyshacl")


@pytest.mark.check
def test_engines_agree_on_all_seeded_faults_at_once(tmp_path: Path) -> None:
    """All faults of bench/faults.py that leave the files well-formed, in one copy of the data."""
    faults = runpy.run_path(str(project_folder() / "bench" / "faults.py"))
    for folder in ("ontology", "data"):
        shutil.copytree(project_folder() / folder, tmp_path / folder)
    made = faults["all_at_once"](tmp_path, random.Random(2023))  # noqa: S311
    assert made >= 44
    rules = read_rules([project_folder() / "shapes"], "en")
    data = [quad for _, quads in read(find_sources(tmp_path)) for quad in quads]
    reference = said(rules, data, "pyshacl")
    assert sum("iolation" in one[4] for one in reference) > made / 2
    assert said(rules, data, "shacl") == reference


def test_both_engines_name_blank_nodes_as_the_file_does() -> None:
    shapes = """x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:p ; sh:class x:U ; sh:maxCount 1 ] ;
  sh:property [ sh:path [ sh:inversePath x:p ] ; sh:nodeKind sh:IRI ] ; sh:closed true ; sh:ignoredProperties ( <a> ) .
"""
    text = (
        "x:a a x:T ; x:p [ a x:T ; x:q 'text _:no .' ] , [ x:p _:same ] . _:same a x:T ; x:p _:same . x:b x:p _:same ."
    )
    parsed = [ox.parse(PREFIXES + one, format=ox.RdfFormat.TURTLE, base_iri="urn:x") for one in (shapes, text)]
    triples, data = ([quad.triple for quad in one] for one in parsed)
    dump = ox.serialize(data, format=ox.RdfFormat.N_TRIPLES) or b""
    nodes = {str(term) for one in data for term in (one.subject, one.object)}
    found = {}
    for engine in ("auto", "pyshacl", "shacl"):
        report = read_results(ENGINES[engine](dump, triples, no_progress), triples)
        found[engine] = {(str(one.focus), one.path, str(one.value), one.component) for one in report}
        assert {focus for focus, *_ in found[engine]} < nodes
    assert found["auto"] == found["shacl"] == found["pyshacl"]
    assert len(found["auto"]) > 8


def test_messages_do_not_depend_on_the_engine(endless: Path) -> None:
    shapes = "x:S a sh:NodeShape ; sh:targetNode x:n1 ; sh:property [ sh:path x:q ; sh:minCount 2 ; sh:class x:U ] ,"
    shapes += ' [ sh:path x:next ; sh:in ( 1 2 ) ] , [ sh:path x:r ; sh:minCount 1 ; sh:message "Add x:r."@en ] .'
    (endless / "shapes" / "s.ttl").write_text(PREFIXES + shapes, "utf-8")
    for engine in ("pyshacl", "shacl"):
        said = {one.message for one in check(plan(engine=engine, limit=None)).findings}
        assert said == {"Does not hold: sh:minCount 2.", "Does not hold: sh:in.", "Add x:r."}
    dutch = check(plan(limit=None, lang="nl")).findings
    assert "Geldt niet: sh:minCount 2." in {one.message for one in dutch}


def test_auto_goes_on_with_the_reference_where_the_compiled_engine_ends(
    endless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (endless / "shapes" / "s.ttl").write_text(
        PREFIXES + "x:S a sh:NodeShape ; sh:targetNode x:n1 ; sh:property [ sh:path x:q ; sh:minCount 2 ] .", "utf-8"
    )
    (endless / "shacl.py").write_text("import os\nos._exit(3)\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(endless))
    assert [one.line for one in check(plan(limit=60)).findings] == [3]
    with pytest.raises(Unavailable, match="ended with 3: "):
        check(plan(limit=60, engine="shacl"))


def changes(data: list[ox.Quad], chance: random.Random) -> Iterator[ox.Quad]:
    for quad in data:
        luck = chance.random()
        if luck < 0.001:
            continue
        yield ox.Quad(quad.subject, quad.predicate, chance.choice(data).object) if luck < 0.002 else quad


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    rows = "\n".join(f"x:n{number} a x:T ; x:next x:n{number + 1} ." for number in range(60))
    (tmp_path / "data" / "a.ttl").write_text(f"@prefix x: <https://example.org/> .\n{rows}\n", "utf-8")
    (tmp_path / "shapes" / "checks").mkdir(parents=True)
    return tmp_path


def plan(**options) -> Plan:
    return Plan(find_inputs([Path("data")]), [Path("shapes")], **{"limit": 1.0} | options)


def test_a_check_query_that_never_ends_is_stopped_and_named(endless: Path) -> None:
    header = "".join(f"#+ {name}:\n#+   nl: x\n#+   en: x\n" for name in ("title", "description", "message"))
    queries = {
        "a": "SELECT ?focus { ?focus a ?c }",
        "b": ENDLESS.format("(?a AS ?focus)", JOIN),
        "c": "SELECT ?focus { ?s ?p ?focus }",
    }
    for name, query in queries.items():
        (endless / "shapes" / "checks" / f"{name}.rq").write_text(f"{header}{query}\n", "utf-8")
    found = check(plan()).findings
    assert {one.shape for one in found} == {"time-limit", "checks/a", "checks/c"}
    (stuck,) = [one for one in found if one.shape == "time-limit"]
    assert (stuck.file, stuck.line, stuck.value) == ("shapes/checks/b.rq", 1, "checks/b")


@pytest.mark.parametrize("engine", ["auto", "pyshacl", "shacl"])
def test_a_constraint_that_never_ends_is_stopped_and_named(endless: Path, engine: str) -> None:
    query = ENDLESS.format("$this", "$this a ?t . " + JOIN)
    text = f"""x:S a sh:NodeShape ; sh:targetClass x:T ;
  sh:sparql [ sh:message "m" ; sh:select '''{query}''' ] ;
  sh:property [ sh:path x:q ; sh:minCount 1 ] .
"""
    (endless / "shapes" / "s.ttl").write_text(PREFIXES + text, "utf-8")
    found = check(plan(engine=engine)).findings
    (stuck,) = [one for one in found if one.shape == "time-limit"]
    assert (stuck.file, stuck.line) == ("shapes/s.ttl", 3)
    assert "https://example.org/S" in stuck.value
    if engine != "shacl":  # It cannot tell which constraint is at work; auto then asks the reference.
        assert sum(one.shape == "https://example.org/S" for one in found) == 60


def test_a_question_that_never_ends_is_stopped_and_named(endless: Path) -> None:
    (endless / "shapes" / "s.ttl").write_text(PREFIXES + "x:S a sh:NodeShape .", "utf-8")
    (endless / "data" / "q.rq").write_text(ENDLESS.format("?a", JOIN), "utf-8")
    assert [(one.file, one.shape) for one in check(plan()).findings] == [("data/q.rq", "time-limit")]


def test_sparql_constraints_may_use_the_prefixes_of_their_file(endless: Path) -> None:
    (endless / "shapes" / "s.ttl").write_text(
        PREFIXES + "x:S a sh:NodeShape ; sh:targetClass x:T ; sh:sparql [\n"
        '  sh:select "SELECT $this ?value { $this x:next ?value FILTER NOT EXISTS { ?value a x:T } }" ] .',
        "utf-8",
    )
    for engine in ("pyshacl", "shacl"):
        (found,) = check(plan(engine=engine, limit=60)).findings
        assert (found.file, found.line, found.value) == ("data/a.ttl", 61, "https://example.org/n60")


def test_workers_side_by_side_give_what_one_process_gives() -> None:
    data = b"<urn:a> <urn:p> <urn:b> <urn:g> .\n"
    asked = {"rows": "SELECT ?s ?none { ?s ?p ?o }", "ask": "ASK {}", "bad": "SELECT", "graph": "DESCRIBE <urn:a>"}
    job = Job(data, queries=asked)
    outcome = run_jobs([job, job], 10)
    assert outcome[0].answers == outcome[1].answers == run_here(job).answers
    assert outcome[0].answers["rows"] == {"columns": ["s", "none"], "rows": [["<urn:a>", None]]}
    assert outcome[0].answers["bad"]["line"] == 1


def test_an_error_of_a_worker_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = "<urn:S> a sh:NodeShape ; sh:targetNode <urn:a> ; sh:property <urn:none> ."
    triples = (quad.triple for quad in ox.parse(PREFIXES + shape, format=ox.RdfFormat.TURTLE))
    job = Job(b"<urn:a> <urn:p> <urn:b> .", ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"", "pyshacl")
    (outcome,) = run_jobs([job], 10)
    assert isinstance(outcome.error, KgError)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    (outcome,) = run_jobs([Job(b"")], 10)
    assert "ended with 1: " in str(outcome.error)
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    with pytest.raises(SourceError, match="cannot work there"):
        run_jobs([Job(b"")], 10)


def test_an_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shacl", None)
    with pytest.raises(Unavailable) as caught:
        run_here(Job(b"", b"<urn:a> <urn:b> <urn:c> .", "shacl"))
    assert "pip install 'shacl==" in caught.value.hint
    assert run_here(Job(b"", b"<urn:a> <urn:b> <urn:c> .", "auto")).report
