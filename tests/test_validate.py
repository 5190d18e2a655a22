"""`kg validate` over files of every format: what is found, in which file, at which line, and what stops nothing."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from kg.cli import main
from kg.errors import KgError, SourceError
from kg.files import project_folder
from kg.validation.findings import Finding, Report
from kg.validation.rule_texts import built_in_rules, examples
from kg.validation.rules import read_rules
from kg.validation.run import make_plan, run
from kg.validation.settings import Settings, read_settings

PREFIX = "@prefix x: <https://example.org/> .\n"
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .
x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property x:p-once , x:q-short .
x:p-once a sh:PropertyShape ; sh:path x:p ; sh:minCount 1 ; sh:message "Add x:p."@en , "Voeg x:p toe."@nl ;
  sh:description "Why."@en ; sh:severity sh:Violation .
x:q-short a sh:PropertyShape ; sh:path x:q ; sh:maxLength 3 ; sh:message "Shorten x:q."@en ; sh:severity sh:Warning .
"""
CHECK = """#+ title:
#+   nl: Titel
#+   en: Title
#+ description:
#+   nl: Waarom
#+   en: Why
#+ severity: info
#+ message:
#+   nl: Los
#+   en: Loose
PREFIX x: <https://example.org/>
SELECT ?focus ?path ?value { ?focus x:r ?value BIND(x:r AS ?path) }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with shapes and a check query, in which the command runs."""
    (tmp_path / "shapes" / "checks").mkdir(parents=True)
    (tmp_path / "shapes" / "s.ttl").write_text(SHAPES, "utf-8")
    (tmp_path / "shapes" / "checks" / "loose.rq").write_text(CHECK, "utf-8")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def check(*paths: str, **settings) -> Report:
    held = Settings(shapes=("shapes",), time_limit=None, **settings)
    return run(make_plan(held, [Path(path) for path in paths or ("data",)], project_folder()), cached=False)


def write(name: str, text: str | bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def places(report: Report) -> set[tuple[str, int, int, str]]:
    return {(one.file, one.line, one.column, one.shape.rpartition("/")[2]) for one in report.findings}


def test_a_finding_has_all_that_a_person_needs(project: Path) -> None:
    write("data/a.ttl", PREFIX + "\nx:a a x:T ;\n  x:q 'ab' ,\n    'abcd' .\n")
    missing, long = check().findings
    assert (missing.file, missing.line, missing.column, missing.width) == ("data/a.ttl", 3, 1, 3)
    assert (missing.message, missing.hint, missing.severity) == ("Add x:p.", "Why.", "violation")
    assert (long.line, long.column, long.excerpt, long.value) == (5, 5, "    'abcd' .", "abcd")
    assert long.severity == "warning"
    assert check(lang="nl").findings[0].message == "Voeg x:p toe."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ttl", PREFIX + "x:a a x:T ; x:p 1 ; x:q 'long enough' ."),
        ("a.trig", PREFIX + "x:g { x:a a x:T ; x:p 1 ; x:q 'long enough' }"),
        ("a.nt", ""),
        ("a.nq", ""),
        ("a.jsonld", ""),
        ("a.rdf", ""),
    ],
)
def test_every_format_is_read(project: Path, name: str, text: str) -> None:
    formats = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}
    formats |= {".jsonld": ox.RdfFormat.JSON_LD, ".rdf": ox.RdfFormat.RDF_XML}
    if not text:
        quads = ox.parse(PREFIX + "x:a a x:T ; x:p 1 ; x:q 'long enough' .", format=ox.RdfFormat.TURTLE)
        text = ox.serialize((quad.triple for quad in quads), format=formats[Path(name).suffix]).decode()
    write(f"data/{name}", text)
    (found,) = check().findings
    assert found.file == f"data/{name}"
    line = text.splitlines()[found.line - 1]
    assert line[found.column - 1 :].lstrip("\"'").startswith("long enough")


def test_data_may_be_spread_over_files(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a a x:T ; x:p 1 .")
    write("data/b.ttl", PREFIX + "\n\nx:a x:q 'abcd' .")
    assert places(check()) == {("data/b.ttl", 4, 9, "q-short")}


def test_each_bad_file_has_a_finding_of_its_own_and_hides_no_other(project: Path) -> None:
    write("data/bad-syntax.ttl", PREFIX + "x:a a .\n")
    write("data/empty.ttl", "")
    write("data/nul.ttl", PREFIX + "x:n x:p 'a\0' .\n")
    write("data/latin.ttl", (PREFIX + "x:l x:p 'é' .\n").encode("latin-1"))
    write("data/bom.ttl", "\ufeff" + PREFIX + "x:bom a x:T .\n")
    write("data/crlf.ttl", (PREFIX + 'x:crlf a x:T ; x:p """a\nb""" ;\n x:q "abcd" .\n').replace("\n", "\r\n"))
    write("data/large.ttl", PREFIX + "#" * 2_000_000)
    os.symlink("loop.ttl", "data/loop.ttl")
    os.symlink(".", "data/around")
    os.mkdir("data/folder.ttl")
    assert places(check(max_size=1)) == {
        ("data/bad-syntax.ttl", 2, 7, "syntax"),
        ("data/empty.ttl", 0, 0, "empty"),
        ("data/nul.ttl", 2, 11, "nul"),
        ("data/latin.ttl", 2, 10, "encoding"),
        ("data/bom.ttl", 1, 1, "byte-order-mark"),
        ("data/bom.ttl", 2, 1, "p-once"),
        ("data/crlf.ttl", 4, 6, "q-short"),
        ("data/large.ttl", 0, 0, "size"),
        ("data/loop.ttl", 0, 0, "unreadable"),
    }


def test_blank_nodes_and_inverse_paths_have_a_place(project: Path) -> None:
    inverse = "x:i a sh:NodeShape ; sh:targetClass x:U ; sh:property [ sh:path [ sh:inversePath x:in ] ; "
    inverse += "sh:nodeKind sh:IRI ] ."
    write("shapes/i.ttl", SHAPES.splitlines()[0] + "\n" + inverse)
    write("data/a.ttl", PREFIX + "x:u a x:U .\nx:v x:s [\n  x:in x:u ] ;\n  x:s [ a x:T ] .\n")
    found = check().findings
    assert {(one.line, one.path, one.shape.rpartition("/")[2]) for one in found} == {
        (4, "^https://example.org/in", "i"),
        (5, "https://example.org/p", "p-once"),
    }


def test_check_queries_speak(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a x:r\n  x:b .")
    (found,) = check().findings
    assert (found.shape, found.line, found.column, found.severity) == ("checks/loose", 3, 3, "info")
    assert not check().failed
    assert check(fail_on="info").failed


def test_links_inside_a_namespace_lead_somewhere(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a x:s x:b , x:nowhere .\nx:b x:s <https://elsewhere.org/> .")
    (found,) = check(namespaces=("https://example.org/",)).findings
    assert (found.shape, found.value, found.line, found.column) == ("link", "https://example.org/nowhere", 2, 15)
    write("more.ttl", PREFIX + "x:nowhere x:s 1 .")
    assert not check(namespaces=("https://example.org/",), context=("more.ttl",)).findings


HEADER = (
    "#mapping_set_id: https://example.org/m\n#license: https://example.org/l\n#curie_map:\n#  x: https://example.org/\n"
)
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEADER + COLUMNS + "x:a\tskos:exactMatch\tx:b\tsemapv:ManualMappingCuration\n", 0, ""),
        (COLUMNS, 1, "header"),
        ("#a: [\n" + COLUMNS, 2, "not YAML"),
        ("#a\n" + COLUMNS, 1, "no YAML mapping"),
        (HEADER.replace("license", "licence") + COLUMNS, 1, "lacks license"),
        (HEADER + COLUMNS.replace("object_id", "object"), 5, "object_id is missing"),
        (HEADER + COLUMNS.rstrip() + "\tcolour\n", 5, "colour is no slot"),
        (HEADER + COLUMNS.rstrip() + "\tobject_id\n", 5, "stands twice"),
        (HEADER + COLUMNS + "x:a\tskos:exactMatch\tx:b\n", 6, "3 cells under 4"),
        (HEADER + COLUMNS + "x:a\tskos:exactMatch\ty:b\tsemapv:M\n", 6, "prefix y"),
        (HEADER + COLUMNS + "x:a\t\tx:b\tsemapv:M\n", 6, "predicate_id is empty"),
        (HEADER + COLUMNS + "x:a\tskos:exactMatch\tnothing\tsemapv:M\n", 6, "neither a CURIE nor an IRI"),
    ],
)
def test_sssom(project: Path, text: str, line: int, said: str) -> None:
    write("data/a.sssom.tsv", text)
    found = [one for one in check().findings if one.shape == "sssom"]
    assert bool(found) == bool(said)
    assert not said or any(one.line == line and said in one.message for one in found), found


def test_a_mapping_of_what_does_not_exist_is_a_dead_link(project: Path) -> None:
    write("data/a.sssom.tsv", HEADER + COLUMNS + "x:a\tskos:exactMatch\tx:b\tsemapv:ManualMappingCuration\n")
    spaces = ("https://example.org/a", "https://example.org/b")
    assert {one.value for one in check(namespaces=spaces).findings} == set(spaces)


QUESTION = "PREFIX x: <https://example.org/>\nSELECT ?s ?n {\n  ?s x:p ?n }\n"


def test_questions_are_run_and_compared(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a x:p 1.50 .\nx:p x:s x:a .")
    write("q/good.rq", QUESTION)
    write("q/good.csv", "s,n\nhttps://example.org/a,1.5\n")
    settings = {"namespaces": ("https://example.org/",)}
    assert not [one for one in check("data", "q", **settings).findings if one.severity != "info"]
    write("q/good.csv", "s,n\nhttps://example.org/b,1.5\nhttps://example.org/a,1.5\n")
    write("q/syntax.rq", QUESTION.replace("SELECT", "SELCT"))
    write("q/term.rq", QUESTION.replace("x:p", "x:typo"))
    write("q/fails.rq", QUESTION.replace("?n }", "?n FILTER(x:function(?n)) }"))
    write("q/service.rq", "SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }")
    write("q/header.rq", "#+ title: x\n" + QUESTION)
    found = {(one.file, one.line, one.shape) for one in check("data", "q", **settings).findings}
    assert found >= {
        ("q/good.csv", 2, "query-answer"),
        ("q/syntax.rq", 2, "query-syntax"),
        ("q/term.rq", 3, "query-term"),
        ("q/fails.rq", 1, "query-fails"),
        ("q/service.rq", 1, "query-fails"),
        ("q/header.rq", 1, "query-header"),
    }


def test_answers_are_not_compared_over_broken_data(project: Path) -> None:
    write("data/a.ttl", "x")
    write("q/good.rq", QUESTION)
    write("q/good.csv", "s,n\nhttps://example.org/a,1.5\n")
    report = check("data", "q")
    assert [one.shape for one in report.findings] == ["syntax"]
    assert "data/a.ttl is broken" in report.notes[0]


def test_rules_can_be_chosen(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a a x:T ; x:q 'abcd' ; x:r x:b .")
    write("data/b.ttl", "x")
    assert {one.shape for one in check(only=("q-short", "checks/loose")).findings} == {
        "https://example.org/q-short",
        "checks/loose",
    }
    assert {one.shape for one in check(skip=("https://example.org/p-once", "x:q-short")).findings} == {
        "checks/loose",
        "syntax",
    }
    assert {one.shape for one in check(only=("syntax",)).findings} == {"syntax"}
    for wrong in ({"only": ("nothing",)}, {"only": ("link",), "skip": ("link",)}):
        with pytest.raises(KgError):
            check(**wrong)


@pytest.mark.parametrize("path", ["nowhere", "nowhere.ttl", "notes.txt", "none"])
def test_nothing_to_check_is_an_error(project: Path, path: str) -> None:
    write("notes.txt", "x")
    write("none/notes.txt", "x")
    with pytest.raises(SourceError) as caught:
        check(path)
    assert caught.value.where == path
    assert caught.value.hint


def test_broken_shapes_and_checks_are_errors_with_their_place(project: Path) -> None:
    write("data/a.ttl", PREFIX + "x:a a x:T .")
    for name, text, line in (
        ("shapes/bad.ttl", "x:", 1),
        ("shapes/bad.ttl", SHAPES.splitlines()[0] + "\nx:B a sh:NodeShape ; sh:property [ sh:minCount 1 ] .", 2),
        ("shapes/checks/bad.rq", CHECK.replace("SELECT", "SELCT"), 12),
        ("shapes/checks/bad.rq", CHECK.replace("?focus", "?other"), None),
        ("shapes/checks/bad.rq", CHECK.replace("SELECT ?focus ?path ?value", "ASK"), None),
        ("shapes/checks/bad.rq", "SELECT * { ?s ?p ?o }", None),
    ):
        write(name, text)
        with pytest.raises(SourceError) as caught:
            check()
        assert (caught.value.where, caught.value.line) == (name, line)
        Path(name).unlink()


def test_settings_are_read_and_checked(project: Path) -> None:
    assert read_settings(project) == Settings()
    write("pyproject.toml", '[tool.kg.validate]\ndata = "rdf"\nfail-on = "info"\ntime-limit = 3\n')
    assert read_settings(project) == Settings(data=("rdf",), fail_on="info", time_limit=3, file="pyproject.toml")
    for text in (
        "[validate",
        'validate = "x"',
        "[validate]\nx = 1",
        "[validate]\ndata = 1",
        '[validate]\nfail-on = "x"',
    ):
        write("kg.toml", text)
        with pytest.raises(SourceError) as caught:
            read_settings(project)
        assert caught.value.where.endswith("kg.toml")


def test_the_built_in_rules_speak_both_languages() -> None:
    dutch, english = built_in_rules("nl"), built_in_rules("en")
    for name, rule in english.items():
        for text, translation in zip(*((one.title, one.why, one.mend) for one in (rule, dutch[name])), strict=True):
            assert text.endswith("."), name
            assert translation.endswith("."), name
            assert text != translation, name


def test_every_rule_of_ours_has_an_example() -> None:
    folder = project_folder() / "shapes"
    named = [rule for rule in read_rules([folder], "en").listed if rule.kind != "built-in" and rule.mend]
    assert not [rule.name for rule in named if not examples(rule, folder)]


def kg(*arguments: str, code: int = 0, **variables: str) -> Result:
    result = CliRunner(env=variables).invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


def test_the_command_caches_by_content(project: Path) -> None:
    write("kg.toml", '[validate]\ndata = "data"\nshapes = "shapes"\n')
    write("data/a.ttl", PREFIX + "x:a a x:T .")
    first = kg("validate", code=1).stdout
    kept = 2  # The report, and that the shapes are sound.
    assert len(list((project / "cache").rglob("*.json"))) == kept
    assert kg("validate", code=1).stdout == first
    assert kg("validate", "--fail-on", "info", code=1).stdout == first
    assert len(list((project / "cache").rglob("*.json"))) == kept
    assert kg("validate", "--no-cache", code=1).stdout == first
    write("data/a.ttl", PREFIX + "x:a a x:T ; x:p 1 .")
    assert "0 violation" in kg("validate").stdout
    for held in (project / "cache").rglob("*.json"):
        held.write_text("{}")
    assert "0 violation" in kg("validate").stdout
    (project / "file").write_text("")
    assert "0 violation" in kg("validate", XDG_CACHE_HOME=str(project / "file")).stdout


def test_a_baseline_knows_old_findings_and_fails_on_new_ones(project: Path) -> None:
    write("kg.toml", '[validate]\ndata = "data"\nshapes = "shapes"\nbaseline = "known.json"\n')
    write("data/a.ttl", PREFIX + "x:a a x:T .\nx:b a x:T .")
    assert "the baseline is missing" in kg("validate", code=2).stderr
    kg("validate", "--write-baseline")
    held = json.loads((project / "known.json").read_text())
    assert "line" not in held["findings"][0]
    assert "severity" not in held["findings"][0]
    write("data/a.ttl", "\n\n" + PREFIX + "\nx:b a x:T .\n\nx:a a x:T .")
    assert "(2 known from the baseline)" in kg("validate").stdout
    write("data/a.ttl", PREFIX + "x:b a x:T .\nx:a a x:T ; x:q 'abcd' .")
    new = kg("validate", code=1).stdout
    assert "Shorten" in new
    assert "Add x:p" not in new
    write("data/a.ttl", PREFIX + "x:b a x:T .\nx:a a x:T ; x:p 1 .")
    assert "The baseline holds a finding that is gone. data/a.ttl" in kg("validate", code=1).stdout
    assert "0 violation" in kg("validate", "--only", "q-short").stdout
    write("known.json", "{")
    assert "known.json:1:2" in kg("validate", code=2).stderr
    write("known.json", "[]")
    assert "no baseline" in kg("validate", code=2).stderr


def test_the_command_lists_and_explains_rules(project: Path) -> None:
    write("kg.toml", '[validate]\ndata = "data"\nshapes = "shapes"\n')
    write("data/a.ttl", PREFIX)
    listed = kg("validate", "--list-rules").stdout.splitlines()
    assert {line.split("\t")[1] for line in listed} == {
        *built_in_rules("en"),
        *(f"https://example.org/{name}" for name in ("S", "p-once", "q-short")),
        "checks/loose",
    }
    text = kg("explain", "p-once").stdout
    assert "mend: Add x:p." in text
    assert "why: Why." in text
    assert "no rule called" in kg("explain", "nothing", code=2).stderr
    assert "Bewaar" in kg("explain", "encoding", "--lang", "nl").stdout


@pytest.mark.parametrize("rule", ["nameDutch", "kbsh:definitionMissing", "checks/label-twice"])
def test_our_own_rules_are_explained_with_examples(project: Path, rule: str) -> None:
    text = kg("explain", rule).stdout
    assert re.search(r"^--- cases/.*/(invalid|warning)-", text, re.MULTILINE)
    assert re.search(r"^--- cases/.*/valid-", text, re.MULTILINE)


def test_a_finding_is_keyed_without_line_and_severity() -> None:
    one = Finding("f", 1, 2, "info", "_:a", "l", "p", "v", "m", "h", "s")
    assert one.key == replace(one, line=9, column=9, severity="violation", focus="_:b", message="x").key
    assert one.key != replace(one, value="w").key
