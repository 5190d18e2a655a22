"""A term of ours that a query names in vain is said, with the nearest, and changes no answer."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from conftest import ROOT
from flask.testing import FlaskClient

from kg.cli import main
from kg.graph import term_use
from kg.graph.build import Graph
from kg.graph.term_use import TermUse
from kg.namespaces import ID, KB, ONTOLOGY, SKOS
from kg.queries.engine import iris_of
from kg.queries.question import find_questions
from kg.web.app import create_app

QUESTIONS = find_questions(ROOT / "queries")
WRONG = f"SELECT ?x {{ ?x a <{KB}Organization> }}"
DATA = f"""
@prefix graph: <https://w3id.org/klimaatbanen/graph/> .
@prefix kb: <{KB}> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

graph:ontology {{
    kb:Thing a owl:Class . kb:Empty a owl:Class . kb:says a owl:ObjectProperty .
    kb:score a <http://www.w3.org/ns/sparql-service-description#Function> .
    kb:told a owl:ObjectProperty ; dct:isReplacedBy kb:says .
    <{ID}scheme/colour> a skos:ConceptScheme .
    <{ID}colour/red> skos:inScheme <{ID}scheme/colour> . <{ID}colour/blue> skos:inScheme <{ID}scheme/colour> .
}}
graph:data {{ <{ID}thing/one> a kb:Thing ; kb:says <{ID}colour/red> . }}
"""


@pytest.fixture
def use() -> TermUse:
    store = ox.Store()
    store.load(DATA.encode(), format=ox.RdfFormat.TRIG)
    return TermUse(store, {"kb": KB, "skos": SKOS, "xsd": "http://www.w3.org/2001/XMLSchema#"})


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, QUESTIONS).test_client()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * { ?x a kb:Thing ; kb:says ?y }", []),
        ("SELECT * { ?x a kb:Thin }", [(KB + "Thin", False, KB + "Thing")]),
        ("SELECT * { ?x a kb:Empty }", [(KB + "Empty", True, "")]),
        ("SELECT * { ?x kb:told ?y }", [(KB + "told", True, KB + "says")]),
        (f"SELECT * {{ ?x ?p <{ID}colour/red> }}", []),
        (f"SELECT * {{ ?x ?p <{ID}colour/blue> }}", [(ID + "colour/blue", True, "")]),
        (f"SELECT * {{ ?x ?p <{ID}thing/On> }}", [(ID + "thing/On", False, "")]),
        (f"SELECT * {{ ?x ?p <{ID}thing/onne> }}", [(ID + "thing/onne", False, ID + "thing/one")]),
        (
            f"SELECT * {{ ?x ?p <{ID}scheme/colour> , <{ID}scheme/color> }}",
            [(ID + "scheme/color", False, ID + "scheme/colour")],
        ),
        ("SELECT * FROM <https://w3id.org/klimaatbanen/graph/data> { ?s ?p ?o }", []),
        (
            "SELECT * FROM <https://w3id.org/klimaatbanen/graph/date> { ?s ?p ?o }",
            [("https://w3id.org/klimaatbanen/graph/date", False, "https://w3id.org/klimaatbanen/graph/data")],
        ),
        ("SELECT * { ?x a <http://example.org/Thin> FILTER(STRSTARTS(STR(?x), STR(kb:))) }", []),
        ('SELECT * { ?x a kb:Thing FILTER(STR(?x) = "kb:Thin") } # kb:Thin', []),
        ("SELECT * { ?x skos:inSchem ?y }", [(SKOS + "inSchem", False, SKOS + "inScheme")]),
        ("SELECT * { ?x a skos:ConceptSchema }", [(SKOS + "ConceptSchema", False, SKOS + "ConceptScheme")]),
        ("SELECT * { ?x skos:hiddenLabel ?y FILTER(xsd:integer(?y) > 1) }", []),
        ("SELECT * { ?x a kb:Thing FILTER(kb:score(?x, kb:scare(?x))) }", [(KB + "scare", False, KB + "score")]),
        ("SELECT * { ?x a kb:", []),
    ],
)
def test_what_is_not_defined_or_not_used_is_said(use: TermUse, query: str, said: list[tuple[str, bool, str]]) -> None:
    assert [(term.iri, term.defined, term.nearest) for term in use.unused(query)] == said


@pytest.mark.parametrize(
    ("query", "iris"),
    [
        (
            "PREFIX x: <http://x/> SELECT * { ?a x:b x:c.d , <http://y/z> }",
            {"http://x/b", "http://x/c.d", "http://y/z"},
        ),
        (
            "BASE <http://x/> PREFIX : <y/> SELECT * { <z> :a 'x:no' . ?s :b. }",
            {"http://x/z", "http://x/y/a", "http://x/y/b"},
        ),
        ("PREFIX : <http://x/> SELECT * { ?a1:b 1:c . ?s ?p 1.GRAPH :g {} }", {"http://x/b", "http://x/g"}),
        ("SELECT * { ?s x:a 'open }", set()),
        ("PREFIX x:", set()),
        ("BASE", set()),
    ],
)
def test_iris_are_read_as_the_grammar_has_them(query: str, iris: set[str]) -> None:
    assert set(iris_of(query)) == iris


@pytest.mark.parametrize("name", QUESTIONS)
def test_saved_questions_name_what_the_graph_uses(graph: Graph, name: str) -> None:
    assert not TermUse(graph.store, graph.prefixes).unused(QUESTIONS[name].text)


def test_a_term_is_looked_up_once(use: TermUse) -> None:
    for term in ("kb:Engine", "kb:Thing"):
        query = f"ASK {{ ?s a {term} }} # once"
        wrong = term == "kb:Engine"
        assert (use.may_have_unused(query), use.knows(query)) == (True, False)
        assert bool(use.unused(query)) == wrong
        assert (use.may_have_unused(query), use.knows(query)) == (wrong, True)


def test_a_large_graph_is_not_read_whole_for_what_is_nearest(use: TermUse, monkeypatch: pytest.MonkeyPatch) -> None:
    query = f"ASK {{ <{ID}thing/ones> kb:sayss ?o }}"
    monkeypatch.setattr(term_use, "_LISTED", 3)
    assert [(term.iri, term.nearest) for term in use.unused(query)] == [
        (f"{ID}thing/ones", ""),
        (f"{KB}sayss", f"{KB}says"),
    ]
    monkeypatch.undo()
    again = TermUse(use._store, use._prefixes)
    assert [term.nearest for term in again.unused(query)] == [f"{ID}thing/one", f"{KB}says"]


def test_an_answer_carries_a_link_to_the_nearest_that_other_sites_may_read(client: FlaskClient) -> None:
    response = client.get("/sparql", query_string={"query": WRONG})
    [link] = response.headers.getlist("Link")
    title = "kb:Organization is not defined here; nearest: kb:Organisation"
    assert link == f'<{KB}Organisation>; rel="help"; anchor="{KB}Organization"; title="{title}"'
    assert "Link" in response.headers["Access-Control-Expose-Headers"]
    assert response.status_code == 200
    assert response.json["results"]["bindings"] == []  # type: ignore[index]
    again = client.get("/sparql", query_string={"query": WRONG})
    assert again.headers.getlist("Link") == [link]


def test_without_a_nearest_the_ontology_helps_and_a_right_query_has_no_link(client: FlaskClient) -> None:
    odd = client.get("/sparql", query_string={"query": f"ASK {{ ?s <{KB}zzé> ?o }}"})
    assert odd.headers["Link"].startswith(f'<{ONTOLOGY}>; rel="help"; anchor="{KB}zz%C3%A9"; title="kb:zz%C3%A9 is')
    assert odd.headers["Link"].isascii()
    right = client.get("/sparql", query_string={"query": f"ASK {{ ?s a <{KB}Organisation> }}"})
    assert "Link" not in right.headers


def test_many_wrong_terms_keep_the_head_of_an_answer_small(client: FlaskClient) -> None:
    wrong = " ".join(f"<{KB}zz{number}>" for number in range(100))
    response = client.post("/sparql", data={"query": f"SELECT * {{ VALUES ?x {{ {wrong} <{KB}{'z' * 5000}> }} }}"})
    assert len(response.headers.getlist("Link")) == 8
    assert sum(map(len, response.headers.getlist("Link"))) < 2000


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("nl", "kb:Organization bestaat niet in deze graaf. Het dichtst erbij: kb:Organisation"),
        ("en", "kb:Organization does not exist in this graph. Nearest: kb:Organisation"),
    ],
)
def test_the_page_and_the_editor_say_it_in_the_language_of_the_reader(
    client: FlaskClient, lang: str, said: str
) -> None:
    page = client.get("/sparql", query_string={"query": WRONG, "lang": lang}, headers={"Accept": "text/html"})
    assert said in page.text
    query = "SELECT ?x {\n  ?x a kb:Organization\n}"
    checked = client.post(f"/sparql/check?lang={lang}", data={"query": query}).json
    warning = {"detail": said, "line": 2, "column": 8, "length": 15, "nearest": "kb:Organisation"}
    assert checked == {"problem": None, "warnings": [warning]}


def test_the_command_says_it_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    run = CliRunner().invoke(main, ["query", "-e", "SELECT ?x { ?x a kb:Organization }", "--format", "csv"])
    assert run.stdout.splitlines() == ["x"]
    assert run.stderr == "kg: note: kb:Organization is not defined here; nearest: kb:Organisation\n"
