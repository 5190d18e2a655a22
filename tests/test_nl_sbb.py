"""Our concept schemes against NL-SBB, the Dutch standard for describing concepts (SKOS-AP-NL 1.0.0)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import Node
from test_source_notes import table

from kg.graph.build import Graph
from kg.namespaces import BASE, GRAPH, ID
from kg.validation.engines import run_auto
from kg.validation.engines.pyshacl import to_rdflib

PAGE = ROOT / "docs" / "nl-sbb.md"
DEFINITION = "Concept-definition"
FOREIGN = tuple(f"{GRAPH}{name}" for name in ("esco-", "brc-", "crebo-", "sbi-", "oeo-", "envo-", "mappings/"))


@pytest.fixture(scope="module")
def concepts(graph: Graph) -> rdflib.Graph:
    """The union of our graphs, in which an instance of a class of concepts is a skos:Concept too.

    Vocabularies of others and the mappings to them are left out: their concepts are not ours to mend.
    """
    data = to_rdflib(quad for quad in graph.store if not quad.graph_name.value.startswith(FOREIGN))
    for kind in set(data.transitive_subjects(RDFS.subClassOf, SKOS.Concept)):
        for one in set(data.subjects(RDF.type, kind)):
            data.add((one, RDF.type, SKOS.Concept))
    return data


@pytest.fixture(scope="module")
def findings(concepts: rdflib.Graph, shared: Path) -> Counter[tuple[str, str, str]]:
    """How often a node is found by a shape: severity, name of the shape, IRI of the node."""
    profile = ox.parse(path=str(shared / "vocab" / "nl-sbb" / "skos-ap-nl.ttl"), format=ox.RdfFormat.TURTLE)
    data = concepts.serialize(format="nt", encoding="utf-8")
    report = to_rdflib(run_auto(data, (quad.triple for quad in profile)))
    ours = set(concepts.subjects(RDF.type, SKOS.Concept)) | set(concepts.subjects(RDF.type, SKOS.ConceptScheme))
    return Counter(
        (local(report.value(one, SH.resultSeverity)), shape(one, report), str(focus))
        for one in report.subjects(RDF.type, SH.ValidationResult)
        if (focus := report.value(one, SH.focusNode)) in ours
    )


def shape(result: Node, report: rdflib.Graph) -> str:
    """Name of the constraint, or of the shape when the constraint has no name."""
    constraint = report.value(result, SH.sourceConstraint)
    return local(constraint if isinstance(constraint, rdflib.URIRef) else report.value(result, SH.sourceShape))


def local(iri: Node | None) -> str:
    return str(iri).rpartition("#")[2]


def schemes(concepts: rdflib.Graph) -> dict[str, set[str]]:
    """The concepts of each scheme, by the slug of the scheme."""
    return {
        str(one).removeprefix(ID + "scheme/"): set(map(str, concepts.subjects(SKOS.inScheme, one)))
        for one in concepts.subjects(RDF.type, SKOS.ConceptScheme)
    }


@pytest.mark.text
def test_no_violation_on_our_schemes_but_a_missing_definition(findings: Counter[tuple[str, str, str]]) -> None:
    found = {(name, focus) for severity, name, focus in findings if severity == "Violation" and name != DEFINITION}
    assert not found, "mend these in the data; only a definition may be missing"


@pytest.mark.text
def test_warnings_are_those_of_the_page(findings: Counter[tuple[str, str, str]]) -> None:
    found = {name for severity, name, _ in findings if severity == "Warning"}
    assert found <= {row[0].strip("`") for row in table(PAGE, "Warnings left")}


@pytest.mark.text
def test_missing_definitions_are_counted_by_scheme(
    findings: Counter[tuple[str, str, str]], concepts: rdflib.Graph
) -> None:
    missing = {focus for _, name, focus in findings if name == DEFINITION}
    now = [
        [f"`{name}`", str(len(members)), str(len(members - missing)), str(len(members & missing))]
        for name, members in sorted(schemes(concepts).items())
    ]
    told = table(PAGE, "Concepts with and without a definition")
    assert told[:-1] == now, "write this table:\n" + "\n".join(f"| {' | '.join(row)} |" for row in now)
    assert told[-1] == ["all", *(str(sum(int(row[column]) for row in now)) for column in (1, 2, 3))]


def test_every_concept_stands_in_one_scheme(concepts: rdflib.Graph) -> None:
    for one in set(concepts.subjects(RDF.type, SKOS.Concept)):
        if str(one).startswith(BASE):
            assert len(set(concepts.objects(one, SKOS.inScheme))) == 1, f"add skos:inScheme to {one}"
