"""What the ontology entails is there, apart, once, and changes no answer that should not change."""

from __future__ import annotations

import tomllib
from collections import Counter

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.graph.build import Graph
from kg.namespaces import CATALOGUE, DCT, ENTAILED_GRAPH, GRAPH, ID, KB, RDF_TYPE, SKOS
from kg.queries.dataset import Dataset
from kg.queries.engine import answer, construct
from kg.queries.question import find_questions
from kg.queries.rows import Rows
from kg.rdf_terms import asserted

ENTAILED = ox.NamedNode(ENTAILED_GRAPH)
QUESTIONS = find_questions(ROOT / "queries")
OVER_ESCO = {name for name, question in QUESTIONS.items() if f"{GRAPH}imported/" in question.query}  # Loads it twice.
DIFFERENT = tomllib.loads((ROOT / "tests" / "closure.toml").read_text("utf-8"))
MOST = 0.15  # Of what the other graphs hold.
RULE = ROOT / "ontology" / "closure" / "rdfs.rq"
TURTLE = """
@prefix graph: <https://w3id.org/klimaatbanen/graph/> .
@prefix graph-kind: <https://w3id.org/klimaatbanen/id/graph-kind/> .
@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix : <http://example.org/> .

graph:ontology {
    :Low rdfs:subClassOf :Middle . :Middle rdfs:subClassOf :High .
    :low rdfs:subPropertyOf :middle . :middle owl:inverseOf :back . :both a owl:SymmetricProperty .
}
graph:stated {
    :a a :Low ; :low :b ; :both :c .
    :d :low :e ; :both :f .
    :h a :Middle .
}
graph:editorial { :h a :High . :c :both :a . }
graph:evidence { [] rdf:subject :d ; rdf:predicate :low ; rdf:object :e ; kb:modality :perhaps . }
graph:candidates { :g a :Low ; :low :a . }
graph:catalogue { graph:candidates kb:graphKind graph-kind:inferred . }
"""


@pytest.fixture(scope="module")
def without(graph: Graph) -> Dataset:
    """Return what queries see without the graph."""
    store = ox.Store()
    store.bulk_extend(asserted(graph.store))
    return Dataset(store, imported=graph.imported)


def test_the_rule_follows_the_ontology_and_leaves_out_candidates_hedges_and_what_is_there() -> None:
    store = ox.Store()
    store.load(TURTLE.encode(), format=ox.RdfFormat.TRIG)
    triples = construct(store, RULE.read_text("utf-8"), str(RULE), union=True)
    short = [" ".join(term.value.rpartition("/")[2].rpartition("#")[2] for term in triple) for triple in triples]
    assert sorted(short) == ["a middle b", "a type High", "a type Middle", "b back a", "f both d"]


def test_nothing_more_follows(graph: Graph) -> None:
    """The rule is run once, so nothing may follow from what it makes."""
    assert construct(graph.store, RULE.read_text("utf-8"), str(RULE), union=True) == []


def test_it_says_only_what_no_other_graph_says_and_stays_small(graph: Graph) -> None:
    entailed = {quad.triple for quad in graph.store.quads_for_pattern(None, None, None, ENTAILED)}
    others = {quad.triple for quad in asserted(graph.store)}
    assert not entailed & others
    assert 0 < len(entailed) <= MOST * len(others)


def test_it_is_described_as_entailed(graph: Graph) -> None:
    catalogue = ox.NamedNode(CATALOGUE)
    described = {
        quad.object for quad in graph.store.quads_for_pattern(ENTAILED, ox.NamedNode(KB + "graphKind"), None, catalogue)
    }
    assert described == {ox.NamedNode(ID + "graph-kind/entailed")}


@pytest.mark.parametrize(
    ("kind", "below"),
    [("Organisation", "Company"), ("Claim", "LabourMarketSignal"), ("OccupationGroup", "VacancyGroup")],
)
def test_a_class_has_the_things_of_its_subclasses(graph: Graph, kind: str, below: str) -> None:
    def members(name: str) -> set[object]:
        rows = answer(graph.dataset, f"SELECT ?x {{ ?x a <{KB}{name}> }}")
        return {row["x"] for row in rows}  # type: ignore[union-attr]

    assert members(below)
    assert members(below) < members(kind)


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        (DCT + "hasPart", f"<{KB}routePart>|^<{DCT}isPartOf>"),
        (KB + "about", f"<{KB}affects>|<{KB}comparedWith>"),
        (SKOS + "narrower", f"^<{SKOS}broader>"),
        (KB + "worksWith", f"^<{KB}worksWith>"),
    ],
)
def test_a_property_has_what_its_subproperties_and_inverses_say_plainly(graph: Graph, asked: str, stated: str) -> None:
    rdf = RDF_TYPE.removesuffix("type")
    missing = answer(
        graph.dataset,
        f"SELECT ?x ?y {{ ?x {stated} ?y FILTER NOT EXISTS {{ ?x <{asked}> ?y }} FILTER NOT EXISTS {{"
        f" {{ ?s <{rdf}subject> ?x ; <{rdf}object> ?y }} UNION {{ ?s <{rdf}subject> ?y ; <{rdf}object> ?x }}"
        f" ?s <{KB}modality> ?m }} }}",
    )
    assert not list(missing)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.check] * (name in OVER_ESCO)) for name in QUESTIONS]
)
def test_a_saved_question_answers_the_same_without_it(graph: Graph, without: Dataset, name: str) -> None:
    if name in DIFFERENT:
        return
    query = QUESTIONS[name].query
    rows, before = (Rows.from_solutions(answer(dataset, query)) for dataset in (graph.dataset, without))
    counts = (
        Counter(str(list(row.values())) for row in each if ENTAILED_GRAPH not in row.values())
        for each in (rows, before)
    )
    assert next(counts) == next(counts), f"see MINUS in mappings/counts, or give a reason in tests/closure.toml: {name}"


def test_the_questions_that_may_differ_do(graph: Graph, without: Dataset) -> None:
    for name in DIFFERENT:
        rows, before = (Rows.from_solutions(answer(each, QUESTIONS[name].query)) for each in (graph.dataset, without))
        assert rows.columns == before.columns
        assert list(map(str, rows)) != list(map(str, before)), f"{name} need not stand in tests/closure.toml"
