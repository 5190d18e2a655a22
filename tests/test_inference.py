"""What rules derive stays apart: own graphs, own predicates, each with rule and path."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph.build import Graph, build
from kg.graph.inference import infer
from kg.namespaces import GRAPH, KB
from kg.queries.question import find_questions
from kg.rdf_terms import asserted

RULES = ROOT / "ontology" / "rules"
CANDIDATES = {KB + "candidateOccupation", KB + "candidateSkill"}
INFERRED = GRAPH + "inferred/"


@pytest.mark.parametrize("name", find_questions(RULES))
def test_each_rule_fills_its_own_graph_with_its_own_predicates(name: str, graph: Graph) -> None:
    quads = list(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(INFERRED + name)))
    candidates = {(quad.subject, quad.predicate, quad.object) for quad in quads if quad.predicate.value in CANDIDATES}
    assert candidates
    described = graph.store.query(
        "PREFIX kb: <https://w3id.org/klimaatbanen/def#> PREFIX prov: <http://www.w3.org/ns/prov#> "
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
        f"SELECT DISTINCT ?s ?p ?o {{ GRAPH <{INFERRED + name}> {{ ?i a kb:Inference ; rdf:subject ?s ; "
        "rdf:predicate ?p ; rdf:object ?o ; kb:via ?via ; "
        f"prov:wasGeneratedBy <https://w3id.org/klimaatbanen/id/rule/{name}> }} }}"
    )
    assert {(row["s"], row["p"], row["o"]) for row in described} == candidates


def distinguishes(pairs: set[tuple[str, str]]) -> bool:
    """Return whether subjects differ in what they are given; of one subject nothing can be said."""
    given: dict[str, set[str]] = {}
    for subject, value in pairs:
        given.setdefault(subject, set()).add(value)
    return len(given) < 2 or len(set(map(frozenset, given.values()))) > 1


def of_rule(graph: Graph, name: str) -> set[tuple[str, str]]:
    """Return subject and object of each candidate of a rule."""
    quads = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(INFERRED + name))
    return {(str(quad.subject), str(quad.object)) for quad in quads if quad.predicate.value in CANDIDATES}


@pytest.mark.parametrize(
    ("pairs", "tells"),
    [
        ({("ccs", "chemist"), ("ccu", "chemist")}, False),
        ({("ccs", "chemist"), ("ccs", "welder"), ("ccu", "welder"), ("ccu", "chemist")}, False),
        ({("ccs", "chemist"), ("ccu", "chemist"), ("ccu", "welder")}, True),
        ({("ccs", "chemist"), ("ccs", "welder")}, True),
    ],
)
def test_a_product_tells_nothing_apart(pairs: set[tuple[str, str]], tells: bool) -> None:
    assert distinguishes(pairs) is tells


@pytest.mark.parametrize("name", find_questions(RULES))
def test_a_rule_tells_its_subjects_apart(name: str, graph: Graph) -> None:
    """Where all subjects get the same, a rule says nothing of them: ask it as a question instead."""
    assert distinguishes(of_rule(graph, name)), f"{name}: drop it or narrow it; a saved question can compute a product"


@pytest.mark.parametrize("name", find_questions(RULES))
def test_a_rule_says_how_many_of_its_results_mislead(name: str) -> None:
    description = find_questions(RULES)[name].description
    assert re.search(r"\d+ .*read against.*mislead", description["en"])
    assert re.search(r"\d+ .*gelezen.*mislei", description["nl"])


def test_what_a_text_states_is_no_candidate(graph: Graph) -> None:
    found = graph.store.query(
        "PREFIX kb: <https://w3id.org/klimaatbanen/def#> SELECT ?s ?o { "
        "?s kb:candidateOccupation|kb:candidateSkill ?o . "
        "?s kb:involves|kb:needsSkill|kb:hasRequirement/kb:asksSkill ?o }",
        use_default_graph_as_union=True,
    )
    assert not [(str(row["s"]), str(row["o"])) for row in found]


def test_nothing_leaks(graph: Graph) -> None:
    own = {*CANDIDATES, KB + "via"}
    for quad in asserted(graph.store):
        if quad.graph_name.value.startswith(INFERRED):
            assert quad.predicate.value in own or not quad.predicate.value.startswith(KB)
        elif not quad.graph_name.value.endswith("/catalogue"):
            assert quad.predicate.value not in own


def test_a_path_leads_from_subject_to_object(graph: Graph) -> None:
    """Each step of a path is a thing that some other graph speaks of."""
    for quad in graph.store.quads_for_pattern(None, ox.NamedNode(KB + "via"), None, None):
        spoken = graph.store.quads_for_pattern(quad.object, None, None, None)
        assert any(not found.graph_name.value.startswith(INFERRED) for found in spoken)


def test_no_rule_builds_on_another(graph: Graph, project: Path) -> None:
    assert sorted(map(str, infer(graph.store, RULES))) == sorted(map(str, infer(build(project).store, RULES)))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT ?s { ?s ?p ?o }", "no CONSTRUCT"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p", "error at"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(false) }", "derives nothing"),
    ],
)
def test_a_broken_rule_is_named(query: str, said: str, tmp_path: Path) -> None:
    header = "".join(f"#+ {key}:\n#+   nl: a\n#+   en: a\n" for key in ("title", "description"))
    (tmp_path / "broken.rq").write_text(header + query + "\n", "utf-8")
    with pytest.raises(SourceError, match=said) as caught:
        infer(ox.Store(), tmp_path)
    assert caught.value.where.endswith("broken.rq") or caught.value.line


def test_rules_travel_with_the_project(tmp_path: Path) -> None:
    for name in ("ontology", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    names = {graph.value for graph in build(tmp_path).store.named_graphs()}
    assert {INFERRED + name for name in find_questions(RULES)} <= names
