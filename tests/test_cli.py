"""The command `kg`, run as users run it: exit codes, output, errors."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

PILLARS = "SELECT ?name { ?x a kb:Pillar ; skos:prefLabel ?name FILTER(LANG(?name) = 'nl') } ORDER BY ?name"
TRIPLES = "CONSTRUCT { ?s a kb:Pillar } { ?s a kb:Pillar }"


def kg(*arguments: str, code: int = 0, **options) -> str:
    """Run `kg` and return what it wrote to standard output, or to standard error when it could not run."""
    run = subprocess.run(
        [sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, timeout=300, **options
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr if code == 2 else run.stdout


def test_help_imports_nothing_heavy() -> None:
    script = "import sys; sys.argv = ['kg', '--help']\nfrom kg.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    script += "print({'rdflib', 'pyshacl', 'flask', 'rich', 'pyoxigraph', 'yaml'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "set()"
    for command in ("serve", "query", "validate", "info"):
        assert re.search(rf"^  {command} ", run.stdout, re.MULTILINE)


def test_query_text_as_plain_table() -> None:
    assert kg("query", "-e", PILLARS).splitlines() == ["name", "financiële afspraken", "schoon", "slim"]


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ("json", lambda text: len(json.loads(text)["results"]["bindings"])),
        ("csv", lambda text: len(list(csv.DictReader(io.StringIO(text))))),
        ("tsv", lambda text: text.count("\n") - 1),
        ("xml", lambda text: text.count("<result>")),
        ("table", lambda text: text.count("\n") - 1),
    ],
)
def test_query_select_formats(form: str, count) -> None:
    assert count(kg("query", "-e", PILLARS, "--format", form)) == 3


@pytest.mark.parametrize(
    ("form", "engine"),
    [
        ("ttl", ox.RdfFormat.TURTLE),
        ("nt", ox.RdfFormat.N_TRIPLES),
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("rdf", ox.RdfFormat.RDF_XML),
        ("trig", ox.RdfFormat.TRIG),
        ("nq", ox.RdfFormat.N_QUADS),
    ],
)
def test_query_construct_formats(form: str, engine: ox.RdfFormat) -> None:
    assert len(list(ox.parse(kg("query", "-e", TRIPLES, "--format", form), format=engine))) == 3


def test_query_construct_is_turtle_by_default() -> None:
    assert "@prefix kb: <https://w3id.org/klimaatbanen/def#> ." in kg("query", "-e", TRIPLES)


def test_query_file_saved_question_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "x.rq"
    file.write_text(PILLARS, "utf-8")
    assert kg("query", str(file)) == kg("query", "-", input=PILLARS) == kg("query", "-e", PILLARS)
    assert len(kg("query", "climate/tables").splitlines()) == 6
    everything = kg("query", "occupations/tasks")
    one = kg("query", "occupations/tasks", "-p", "occupation=occupation/kwaliteitscontroleur")
    assert 1 < one.count("\n") < everything.count("\n")


def test_ask_is_a_table_of_one() -> None:
    assert kg("query", "-e", "ASK { ?x a kb:Pillar }").splitlines() == ["answer", "True"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "-e", "SELECT {"], ":1:"),
        (["query", "-e", ""], "the query is empty"),
        (["query", "-e", "CLEAR ALL"], "read only"),
        (["query", "-e", "SELECT * { SERVICE <urn:x> {} }"], "SERVICE is not allowed"),
        (["query", "-e", PILLARS, "--format", "ttl"], "use one of: json"),
        (["query", "-e", TRIPLES, "--format", "csv"], "use one of: ttl"),
        (["query", "nothing/here"], "no question called"),
        (["query", "occupations/tasks", "-p", "nothing=x"], "unknown parameter"),
        (["query", "occupations/tasks", "-p", "nothing"], "NAME=VALUE"),
        (["query", "occupations/tasks", "-p", "occupation=a b"], "no IRI"),
        (["query"], "either FILE or -e"),
        (["query", "-e", "ASK {}", "x.rq"], "either FILE or -e"),
        (["validate", "/nowhere.ttl"], "no such file"),
        (["validate", "--shapes", "/nowhere"], "no shapes"),
        (["serve", "--host", "256.0.0.1"], "cannot listen"),
        (["nothing"], "No such command"),
    ],
)
def test_could_not_run(arguments: list[str], said: str) -> None:
    assert said in kg(*arguments, code=2)


def test_serve_says_that_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        error = kg("serve", "--port", port, code=2)
    assert f"127.0.0.1:{port}" in error
    assert "--port" in error


def test_info_counts_classes_and_graphs() -> None:
    text = kg("info")
    assert re.search(
        r"^klimaatbanen \d+\.\d+\.\d+: \d+ statements, \d+ of them entailed by the ontology, from \d+ files$",
        text,
        re.MULTILINE,
    )
    count = {name: int(number) for name, number in re.findall(r"def#(\w+)\t(\d+)$", text, re.MULTILINE)}
    assert count["OccupationListItem"] == 44
    assert count["OccupationGroup"] == 40 + count["ProfessionalGroup"] + count["VacancyGroup"]
    assert "graph/industrie-2023/editorial" in text


def test_validate_is_good_on_the_packaged_data() -> None:
    text = kg("validate")
    assert re.search(r"\d+ files checked: 0 violation, 0 warning, \d+ info$", text, re.MULTILINE)


def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path / "data"


def test_validate_names_file_node_and_what_to_add(tmp_path: Path) -> None:
    data = copied(tmp_path)
    file = data / "industrie-2023" / "occupations.ttl"
    text = file.read_text("utf-8")
    name = '    skos:prefLabel "Procesoperator"@nl ;\n'
    assert text.count(name) == 1
    file.write_text(text.replace(name, ""), "utf-8")
    output = kg("validate", str(data), code=1)
    finding = output[output.index(str(file)) :].split("\n\n")[0]
    assert " violation: " in finding
    assert "id/occupation/procesoperator\n" in finding
    assert "skos:prefLabel" in finding
    dutch = kg("validate", str(data), "--lang", "nl", code=1)
    assert "Nederlandse" in dutch


def test_validate_finds_broken_turtle(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("<https://example.org/a> a .\n")
    found = kg("validate", str(broken), code=1)
    assert f"{broken}\n  1:27 violation: The file is not well-formed." in found


def test_validate_somebody_elses_shapes(tmp_path: Path) -> None:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "s.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .\n"
        "x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:p ; sh:minCount 1 ] .\n"
    )
    (tmp_path / "d.ttl").write_text("@prefix x: <https://example.org/> . x:a a x:T . x:b a x:T ; x:p 1 .\n")
    output = kg("validate", str(tmp_path / "d.ttl"), "--shapes", str(tmp_path / "shapes"), code=1)
    assert "focus: https://example.org/a" in output
    assert "https://example.org/b" not in output
    assert "shape: https://example.org/S" in output


def test_a_table_on_a_terminal_is_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from kg.queries.rows import Rows
    from kg.tables.terminal import print_rows

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_rows(Rows(["name", "count"], [{"name": "[b]schoon[/b]", "count": 3}]))
    text = capsys.readouterr().out
    assert "[b]schoon[/b]" in text
    assert "─" in text
