"""Terms that their vocabulary does not have: found with the nearest one, where its list is known, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.files import project_folder
from kg.validation.findings import Finding
from kg.validation.known_vocabularies import shipped, split
from kg.validation.run import make_plan, run
from kg.validation.settings import Settings

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix esco: <http://data.europa.eu/esco/model#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sdo: <https://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix x: <https://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that checks some Turtle against shapes that ask nothing."""
    monkeypatch.chdir(tmp_path)
    Path("shapes.ttl").write_text(PREFIXES + "x:S a sh:NodeShape .\n", "utf-8")

    def check(text: str, **settings) -> list[Finding]:
        Path("data.ttl").write_text(PREFIXES + text, "utf-8")
        held = Settings(shapes=("shapes.ttl",), time_limit=None, **settings)
        return list(run(make_plan(held, [Path("data.ttl")], project_folder()), cached=False).findings)

    return check


@pytest.mark.parametrize(
    ("statement", "column", "hint"),
    [
        ("x:a dct:sorce x:b .", 5, "nearest: dct:source"),
        ('x:a skos:prefLable "A"@en .', 5, "nearest: skos:prefLabel"),
        ("x:a a skos:concept .", 7, "nearest: skos:Concept"),
        ("x:a x:says dct:tilte .", 12, "nearest: dct:title"),
        ("x:a dcat:distributon x:b .", 5, "nearest: dcat:distribution"),
        ("x:a x:on '2023-01-01'^^xsd:dat .", 10, "nearest: xsd:date"),
        ("x:a a <http://schema.org/Persn> .", 7, "nearest: http://schema.org/Person"),
        ("x:a dct:whatever x:b .", 5, "Correct the name;"),
    ],
)
def test_a_term_that_is_none_is_found_with_the_nearest(found, statement: str, column: int, hint: str) -> None:
    (one,) = found(statement)
    assert (one.shape, one.severity, one.file, one.line) == ("vocabulary-term", "warning", "data.ttl", 11)
    assert one.column == column
    assert one.hint.startswith(hint)


@pytest.mark.parametrize(
    "statement",
    [
        'x:a dct:source x:b ; a owl:Class , skos:Concept ; sdo:name "x" ; x:n "1"^^xsd:integer .',
        "x:a dcat:inSeries x:b ; dcat:resource x:c .",  # Newer than the list of rdflib, which is of DCAT 2.
        "x:a dct:whatever x:b . dct:whatever a owl:ObjectProperty .",  # Described here.
        "x:a x:sorce x:b ; x:sees <http://purl.org/dc/terms/> , <https://schema.org/docs/a.html> .",
        "x:a a esco:Ocupation .",  # Nothing here lists the terms of ESCO.
    ],
)
def test_nothing_is_said_of_what_may_be_right(found, statement: str) -> None:
    assert not found(statement)


def test_a_term_is_told_once_a_file_with_its_count(found) -> None:
    (one,) = found("\nx:a dct:sorce x:b , x:c .\nx:b dct:sorce x:d .")
    assert one.message == "The vocabulary has no such term. dct:sorce (3x)"
    assert one.line == 12
    assert found("x:a dct:sorce x:b .", lang="nl")[0].hint == "het dichtst erbij: dct:source"
    assert not found("x:a dct:sorce x:b .", skip=("vocabulary-term",))


def test_a_vocabulary_of_the_context_brings_its_own_list(found) -> None:
    terms = "esco:Occupation rdfs:isDefinedBy <http://data.europa.eu/esco/model> .\n"
    Path("esco.ttl").write_text(PREFIXES + terms, "utf-8")
    (one,) = found("x:a a esco:Ocupation , esco:Other .", context=("esco.ttl",))
    assert one.hint == "nearest: esco:Occupation"


@pytest.mark.check
def test_shapes_and_questions_are_looked_at_too(found) -> None:
    Path("shapes.ttl").write_text(PREFIXES + "x:S a sh:NodeShape ; sh:targetClas x:T .\n", "utf-8")
    (one,) = found("x:a a x:T .")
    assert (one.file, one.line, one.column, one.hint) == ("shapes.ttl", 11, 22, "nearest: sh:targetClass")
    Path("q.rq").write_text("PREFIX dct: <http://purl.org/dc/terms/>\nSELECT * {\n  ?s dct:sorce ?o }", "utf-8")
    report = run(make_plan(Settings(skip=("query-fails",)), [Path("q.rq")], project_folder()), cached=False)
    (one,) = [one for one in report.findings if one.shape == "vocabulary-term"]
    assert (one.file, one.line, one.column, one.hint) == ("q.rq", 3, 6, "nearest: dct:source")


def test_our_data_name_no_unknown_term() -> None:
    report = run(make_plan(Settings(only=("vocabulary-term",)), [], project_folder()), cached=False)
    assert not report.findings


def test_the_lists_are_whole_enough() -> None:
    lists = shipped()
    for term in ("http://purl.org/dc/terms/source", "http://www.w3.org/ns/shacl#class", "http://schema.org/Person"):
        space, local = split(term)
        assert local in lists[space].names
    assert split("https://example.org/a.html") == ("", "")
