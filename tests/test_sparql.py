"""Queries over a small store: datasets, refusals, limits, errors with line and column."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pyoxigraph as ox
import pytest
from pyparsing import ParseResults
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import KgError, QueryError, Refused, TooLarge
from kg.files import project_folder
from kg.queries.dataset import Dataset, ImportedGraphs
from kg.queries.engine import _TOKEN, Limits, answer, graphs_named, iris_of, may_change, query_form, with_prefixes
from kg.queries.formats import plain_prefixes
from kg.queries.question import find_questions

SCORE = "<https://w3id.org/klimaatbanen/def#textScore>"
ALL = "SELECT ?s { ?s <urn:p> ?o }"


@pytest.fixture(scope="module")
def store() -> ox.Store:
    made = ox.Store()
    for number in (1, 2):
        made.add(ox.Quad(node(f"s{number}"), node("p"), ox.Literal(number), node(f"g{number}")))
    return made


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"urn:{name}")


def subjects(store: ox.Store, text: str, **options) -> list[str]:
    return sorted(row["s"].value for row in answer(store, text, **options))


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (ALL, {}, ["urn:s1", "urn:s2"]),
        ("SELECT ?s FROM <urn:g1> { ?s <urn:p> ?o }", {}, ["urn:s1"]),
        ("SELECT ?s FROM NAMED <urn:g1> { ?s <urn:p> ?o }", {}, []),
        ("SELECT ?s FROM NAMED <urn:g2> { GRAPH ?g { ?s <urn:p> ?o } }", {}, ["urn:s2"]),
        ("SELECT ?s { GRAPH <urn:g2> { ?s <urn:p> ?o } }", {}, ["urn:s2"]),
        (ALL, {"default_graphs": ["urn:g2"]}, ["urn:s2"]),
        (ALL, {"default_graphs": ["urn:g1", "urn:g2"]}, ["urn:s1", "urn:s2"]),
        ("SELECT ?s FROM <urn:g1> { ?s <urn:p> ?o }", {"default_graphs": ["urn:g2"]}, ["urn:s2"]),
        (ALL, {"named_graphs": ["urn:g1"]}, []),
        ("SELECT ?s { GRAPH ?g { ?s <urn:p> ?o } }", {"named_graphs": ["urn:g1"]}, ["urn:s1"]),
        ("SELECT ?s FROM <http://127.0.0.1:1/unknown> { ?s <urn:p> ?o }", {}, []),
        ("# FROM here\nSELECT ?s { ?s <urn:p> ?o FILTER(?s != <urn:FROM>) }", {}, ["urn:s1", "urn:s2"]),
        ("PREFIX from: <urn:> SELECT ?s { ?s from:p ?o FILTER(STR(?s) != 'FROM') }", {}, ["urn:s1", "urn:s2"]),
    ],
)
def test_dataset(store: ox.Store, text: str, options: dict[str, list[str]], expected: list[str]) -> None:
    assert subjects(store, text, **options) == expected


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "PREFIX x: <urn:> DELETE WHERE { ?s ?p ?o }",
        "# hello\nLOAD <http://127.0.0.1:1/>",
        "CLEAR ALL",
        "DROP GRAPH <urn:g>",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { service SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { { SERVICE ?where { ?s ?p ?o } } UNION {} }",
        "SELECT * { ?s ?p '#' . SERVICE <http://127.0.0.1:1/> {} }",
        'SELECT * { ?s ?p """a " quote""" . SERVICE <http://127.0.0.1:1/> {} }',
        "SELECT * { ?s ?p <#> . SERVICE <http://127.0.0.1:1/> {} }",
        "SELECT * { ?s ?p <urn:\\u0041#> . SERVICE SILENT <http://127.0.0.1:1/> {} }",
    ],
)
def test_refused(store: ox.Store, text: str) -> None:
    with pytest.raises(Refused) as caught:
        answer(store, text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service <urn:p> ?o }",
        "PREFIX service: <urn:> SELECT * { ?s service:p 'SERVICE' } # SERVICE",
        "SELECT * { ?s ?p <urn:SERVICE> }",
    ],
)
def test_the_word_service_elsewhere_is_fine(store: ox.Store, text: str) -> None:
    assert list(answer(store, text)) is not None


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELECT * {\n  ?s ?p\n}", 3, 1),
        ("SELEKT", 1, 1),
        ("", 1, 1),
        (" \n ", 1, 1),
        ("SELECT ?x { ?x a x:Y }", 1, 21),
        ("SELECT * {\n  ?s ?p ?o .", 2, 13),
        ("SELECT * {\n  ?s ?p ?o ..\n}\nLIMIT 10", 2, 13),
        ("SELECT * { ?s ?p '😀' ) }", 1, 22),
        ('SELECT * { ?s ?p """open\n }', 1, 18),
        ("SELECT * { ?s ?p ?o FILTER(?o = ) }\nLIMIT 10", 1, 33),
        ("SELECT * { ?s ?p ?o } LIMIT ten", 1, 29),
    ],
)
def test_syntax_errors_have_the_place_where_they_begin(store: ox.Store, text: str, line: int, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        answer(store, text)
    assert (caught.value.line, caught.value.column) == (line, column)


QUERIES = [one.query for one in find_questions(project_folder() / "queries").values() if "# " not in one.query]


@pytest.mark.parametrize("text", [*QUERIES[::9], "SELECT * {\n  ?s ?p ?o BIND(COALESCE(?o, ?s) AS ?x)\n}"])
def test_a_foreign_character_is_found_wherever_it_stands(store: ox.Store, text: str) -> None:
    places = [match.start() for match in re.finditer(r"(?<=[\s{}();])[?}]", text)]
    for place in places[:: max(1, len(places) // 6)]:
        with pytest.raises(QueryError) as caught:
            answer(store, f"{text[:place]} § {text[place:]}")
        before = f"{text[:place]} ".split("\n")
        assert (caught.value.line, caught.value.column) == (len(before), len(before[-1]) + 1), text[place - 30 : place]


@pytest.mark.parametrize("stated", ["", "FROM <urn:g1> FROM <urn:g2>", "FROM <urn:g1>", "FROM NAMED <urn:more>"])
@pytest.mark.parametrize("options", [{}, {"default_graphs": ["urn:g1", "urn:g2"]}, {"default_graphs": ["urn:g1"]}])
@pytest.mark.parametrize("overlap", [False, True])
def test_text_is_searched_once_over_any_dataset(
    store: ox.Store, overlap: bool, stated: str, options: dict[str, list[str]]
) -> None:
    named = ox.Store()
    named.bulk_extend(store)
    if overlap:
        named.extend(ox.Quad(node("s1"), node("p"), ox.Literal(1), node(name)) for name in ("g1", "g2"))
    dataset, asked = Dataset(named, imported=ImportedGraphs(frozenset({"urn:more"}), lambda _: None)), []
    dataset.text_search = lambda *text: asked.append(text) or {"urn:s1": 0.5}
    query = f"SELECT ?x {stated} {{ VALUES ?s {{ <urn:s1> <urn:s2> }} BIND({SCORE}(?s, 'a') AS ?x) }}"
    assert [row["x"] and row["x"].value for row in answer(dataset, query, **options)] == ["0.5", None]
    assert asked == [("a", "nl")]


def test_unknown_functions_and_bad_graph_names_are_query_errors(store: ox.Store) -> None:
    with pytest.raises(QueryError, match="not supported"):
        list(answer(store, "SELECT (<urn:f>(1) AS ?x) {}"))
    with pytest.raises(QueryError, match="not an IRI"):
        answer(store, ALL, default_graphs=["no iri"])


@pytest.mark.parametrize(
    "text",
    ["SELECT * {" + "{" * 600 + "}" * 600 + "}", "SELECT (" + "!" * 600 + "true AS ?x) {}", "ASK {} #" + "x" * 70_000],
)
def test_too_large(store: ox.Store, text: str) -> None:
    with pytest.raises(TooLarge):
        answer(store, text)


def test_limits_are_settings(store: ox.Store) -> None:
    with pytest.raises(TooLarge, match="4 are allowed"):
        answer(store, ALL, limits=Limits(length=4))


def test_prefixes_are_added_where_used_and_the_line_of_an_error_stays(store: ox.Store) -> None:
    known = {"x": "urn:", "y": "urn:y"}
    assert with_prefixes("SELECT ?s { ?s x:p ?o }", known).startswith("PREFIX x: <urn:> SELECT")
    assert with_prefixes("PREFIX x: <urn:z> ASK { ?s x:p ?o }", known).count("PREFIX") == 1
    assert with_prefixes(ALL, known) == ALL
    with pytest.raises(KgError) as caught:
        answer(store, with_prefixes("SELECT * {\n ?s x:p }", known))
    assert caught.value.line == 2


def test_a_text_is_read_once_by_all_that_ask_of_it(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("kg.queries.engine._TOKEN", SimpleNamespace(findall=lambda t: read.append(t) or found(t)))
    found, text = _TOKEN.findall, "ASK { GRAPH <urn:g1> { ?once ?p ?o FILTER(STR(?o) = '1') } }"
    answer(store, text)
    assert not may_change(text)
    assert graphs_named(text, (), frozenset({"urn:g1"})) == {"urn:g1"}
    assert set(iris_of(text)) == {"urn:g1"}
    assert read == [text]


@pytest.mark.parametrize(
    ("locals_", "kept"),
    [
        (["y/z"], "short long"),  # The longer one shortens it.
        (["y/z", "z"], "short long"),
        (["z", "z."], ""),
        (["z", "y/z/q"], ""),  # Without the longer one, the shorter one would need an escape.
        (["z", "é.z", "1-", "y/"], "short long"),
        (["y:z", "w"], ""),
    ],
)
def test_a_prefix_is_kept_where_it_shortens_and_needs_no_escape(locals_: list[str], kept: str) -> None:
    known = {"other": "urn:b/", "short": "urn:a/", "long": "urn:a/y/"}
    data = "".join(f"<urn:a/{name}> <urn:p> <urn:a/{name}> .\n" for name in locals_).encode()
    assert plain_prefixes(data, known) == {prefix: known[prefix] for prefix in kept.split()}


CHANGING = (
    "SELECT (NOW() AS ?x) {}",
    "SELECT (struuid ( ) AS ?x) {}",
    "SELECT (BNODE('a') AS ?x) {}",
    "SELECT * { ?s ?p ?o FILTER EXISTS { ?s ?q ?r FILTER(RAND() < 2) } }",
    "SELECT * { { SELECT (UUID() AS ?x) { } } UNION { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o } ORDER BY RAND()",
    "SELECT (MAX(?x) AS ?y) { BIND(uuid(#later\n) AS ?x) } GROUP BY ?z HAVING(COUNT(?x) > 0)",
    "CONSTRUCT { [] <urn:p> ?x } { BIND(NOW() AS ?x) }",
    "SELECT * { ?a ?b ?c FILTER(?a<?b&&RAND()>?c) }",
    "SELECT (<urn:f>(1) AS ?x) {}",
    "PREFIX bif: <bif:> SELECT (bif:rnd(1) AS ?x) {}",
    "BASE <urn:> SELECT (<f> #later\n (1) AS ?x) {}",
)
STEADY = (
    'SELECT (\'RAND()\' AS ?x) ("""NOW()""" AS ?y) { } # UUID()',
    "SELECT ?now ?rand { ?now <urn:RAND> ?rand ; <http://example.org/#NOW> 'x'@now . _:uuid <urn:p> ?rand }",
    "PREFIX now: <urn:> PREFIX x: <urn:> SELECT * { ?s now:uuid x:RAND , now: }",
    "CONSTRUCT { [] <urn:p> ?x . _:bnode <urn:q> [ ] } { ?x a [ <urn:r> ?y ] }",
    "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT (xsd:integer('1') AS ?x) {}",
    "SELECT (<http://www.w3.org/2001/XMLSchema#date>('2024-01-01') AS ?x) (MD5('a') AS ?y) {}",
    "SELECT * { ?s (<urn:p>/<urn:q>)* ?o VALUES (?s ?o) { (<urn:a> <urn:b>) } }",
)


def _parts(node: object) -> set[str]:
    """Return the names of all that rdflib reads in a query."""
    if isinstance(node, CompValue):
        return {node.name}.union(*map(_parts, node.values()))
    return set().union(*map(_parts, node)) if isinstance(node, (list, tuple, ParseResults)) else set()


@pytest.mark.parametrize("text", [*CHANGING, *STEADY])
def test_what_may_change_is_told_as_another_parser_tells_it(text: str) -> None:
    parts = _parts(parseQuery(text))
    changing = parts & {f"Builtin_{name}" for name in ("NOW", "RAND", "UUID", "STRUUID", "BNODE")}
    changing |= parts & {"Function"} if "XMLSchema" not in text else set()
    assert bool(changing) is (text in CHANGING)
    assert may_change(text) is (text in CHANGING)


def test_what_cannot_be_told_without_its_place_counts_as_a_call() -> None:
    assert may_change("SELECT * { ?s <urn:p> (1 2) }")
    assert may_change("SELECT * { ?s <urn:now()> ?o }")
    assert not may_change("SELECT * { ?s ?p (1 2) . ?o <urn:p> ?q FILTER(?q>(1)) }")


def test_what_a_search_of_texts_finds_stays_while_the_data_do() -> None:
    assert not may_change(f"ASK {{ ?s ?p ?o FILTER({SCORE}(?s, 'lasser') > 0.5) }}")


FORMS = (
    "# select\nASK {}",
    "PREFIX ask: <urn:x> BASE <urn:construct> DESCRIBE ask:ask",
    "PREFIX : <urn:x>CONSTRUCT{?select ?ask ?o}WHERE{?select ?ask ?o}",
    "SELECT(1 AS ?ask){}",
)


@pytest.mark.parametrize(
    "text", [*FORMS, *(question.query for question in find_questions(project_folder() / "queries").values())]
)
def test_the_form_of_a_query_is_told_as_another_parser_tells_it(text: str) -> None:
    assert query_form(text) == parseQuery(text)[1].name.removesuffix("Query").lower()
