"""The ontology: consistent, labelled, used."""

from __future__ import annotations

from collections import Counter

import owlrl
import pytest
import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from kg.graph.build import Graph
from kg.graph.sources import find_sources, read
from kg.namespaces import KB, ONTOLOGY_GRAPH
from kg.validation.engines.pyshacl import to_rdflib

KINDS = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty}
PLANNED = "Planned"


@pytest.fixture(scope="module")
def ontology(project) -> rdflib.Graph:
    sources = [source for source in find_sources(project) if source.graph == ONTOLOGY_GRAPH]
    return to_rdflib(quad for _, quads in read(sources) for quad in quads)


def terms(ontology: rdflib.Graph) -> set[rdflib.URIRef]:
    return {term for kind in KINDS for term in ontology.subjects(RDF.type, kind) if str(term).startswith(KB)}


def test_every_term_has_label_and_definition_in_both_languages(ontology: rdflib.Graph) -> None:
    for term in terms(ontology):
        for predicate in (RDFS.label, SKOS.definition):
            languages = sorted(text.language for text in ontology.objects(term, predicate))
            assert languages == ["en", "nl"], f"{term} {predicate}: {languages}"
        assert ontology.value(term, RDFS.isDefinedBy), term


def test_no_two_properties_have_one_label(ontology: rdflib.Graph) -> None:
    properties = [
        term for kind in (OWL.ObjectProperty, OWL.DatatypeProperty) for term in ontology.subjects(RDF.type, kind)
    ]
    labels = Counter(label for term in properties for label in ontology.objects(term, RDFS.label))
    assert [label for label, times in labels.items() if times > 1] == []


def test_every_term_is_used_or_planned(ontology: rdflib.Graph, graph: Graph) -> None:
    used = {quad.predicate.value for quad in graph.store} | {
        quad.object.value for quad in graph.store if hasattr(quad.object, "value")
    }
    abstract = {str(parent) for parent in ontology.objects(None, RDFS.subClassOf)}
    for term in terms(ontology):
        planned = any(str(comment).startswith(PLANNED) for comment in ontology.objects(term, RDFS.comment))
        assert str(term) in used or str(term) in abstract or planned, f"{term} is used nowhere and not planned"


def test_no_term_is_class_and_individual(ontology: rdflib.Graph) -> None:
    classes = set(ontology.subjects(RDF.type, OWL.Class))
    typed = {subject for subject, kind in ontology.subject_objects(RDF.type) if str(kind).startswith(KB)}
    assert not classes & typed


def test_ontology_is_consistent_under_owl_2_rl(ontology: rdflib.Graph) -> None:
    """The errors that owlrl finds are the false conclusions of the OWL 2 RL rules (OWL 2 Profiles, section 4.3)."""
    assert owl_rl_errors(ontology) == []


def test_the_check_finds_an_inconsistency(ontology: rdflib.Graph) -> None:
    broken = rdflib.Graph() + ontology
    thing = rdflib.URIRef("https://example.org/thing")
    broken.add((rdflib.URIRef(KB + "Company"), OWL.disjointWith, rdflib.URIRef(KB + "Project")))
    broken.add((thing, RDF.type, rdflib.URIRef(KB + "Company")))
    broken.add((thing, RDF.type, rdflib.URIRef(KB + "Project")))
    assert owl_rl_errors(broken)


def owl_rl_errors(graph: rdflib.Graph) -> list[str]:
    copy = rdflib.Graph() + graph
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(copy)
    messages = rdflib.URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")
    return [str(text) for text in copy.objects(None, messages)]
