"""What is said of the dataset as a whole, the same in every description: title, terms, versions, makers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import CATALOGUE, DCAT, DCT, ONTOLOGY, RDF_TYPE, XSD
from kg.release.files import DATASET, DOWNLOAD, LICENCE, Edition, Owner

FOAF: Final = "http://xmlns.com/foaf/0.1/"
OWL: Final = "http://www.w3.org/2002/07/owl#"
VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
CC_BY: Final = "https://creativecommons.org/licenses/by/4.0/"
CATALOG: Final = DATASET + "#catalogue"
MORE_PREFIXES: Final = {
    "adms": "http://www.w3.org/ns/adms#",
    "foaf": FOAF,
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": VCARD,
}
_VERSIONS: Final = tuple(OWL + name for name in ("versionInfo", "versionIRI", "priorVersion"))

Term = ox.NamedNode | ox.Literal


def say(subject: str, predicate: str, value: Term | str) -> ox.Triple:
    """Return a triple; a plain text is an IRI."""
    return ox.Triple(
        ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value) if isinstance(value, str) else value
    )


def number(value: int) -> ox.Literal:
    """Return a count as `xsd:integer`."""
    return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))


def language(node: object) -> str:
    """Return the language tag of a literal, or an empty text."""
    return (node.language or "") if isinstance(node, ox.Literal) else ""


def described() -> list[ox.Triple]:
    """Return what `dataset.ttl` says of dataset, catalogue and endpoint."""
    text = (resources.files("kg.release") / "dataset.ttl").read_bytes()
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


def statements_about(nodes: Iterable[str]) -> Iterator[ox.Triple]:
    """Yield what `dataset.ttl` says of the nodes given."""
    wanted = {ox.NamedNode(node) for node in nodes}
    return (triple for triple in described() if triple.subject in wanted)


def versions(graph: Graph) -> Iterator[ox.Triple]:
    """Yield the version of the dataset, which is that of the ontology (MODEL M16)."""
    for predicate in _VERSIONS:
        for quad in graph.store.quads_for_pattern(ox.NamedNode(ONTOLOGY), ox.NamedNode(predicate), None, None):
            yield ox.Triple(ox.NamedNode(DATASET), quad.predicate, quad.object)
    yield say(DATASET, DCAT + "version", ox.Literal(graph.version))


def terms_of(graph: Graph, name: str) -> list[tuple[str, Term]]:
    """Return the terms of a named graph as `graph/catalogue` states them: licences, and rights where no licence is."""
    found: list[tuple[str, Term]] = []
    for predicate in () if not name else (DCT + "license", DCT + "rights"):
        stated = graph.store.quads_for_pattern(
            ox.NamedNode(name), ox.NamedNode(predicate), None, ox.NamedNode(CATALOGUE)
        )
        values = sorted((quad.object for quad in stated if not isinstance(quad.object, ox.Triple)), key=str)
        found += [(predicate, value) for value in values if not isinstance(value, ox.BlankNode)]
    return found


def licence_of(graph: Graph, name: str) -> str:
    """Return the IRI of the licence of a graph; where it has none, our list of licences, which names its terms."""
    stated = dict(terms_of(graph, name)).get(DCT + "license") if name else None
    return stated.value if isinstance(stated, ox.NamedNode) else DOWNLOAD + LICENCE


def makers(subjects: Iterable[str], owner: Owner, edition: Edition) -> Iterator[ox.Triple]:
    """Yield creator, publisher and contact point of the subjects (DCAT-AP-NL 3.0), as far as they are known."""
    creator, publisher = DATASET + "#creator", owner.publisher_iri or DATASET + "#publisher"
    contact = DATASET + "#contact"
    for subject in subjects:
        if edition.authors and subject != CATALOG:
            yield say(subject, DCT + "creator", creator)
        if owner.publisher:
            yield say(subject, DCT + "publisher", publisher)
        if owner.contact:
            yield say(subject, DCAT + "contactPoint", contact)
    if edition.authors:
        yield from _agent(creator, ", ".join(edition.authors))
    if owner.publisher:
        yield from _agent(publisher, owner.publisher)
    if owner.contact:
        yield from _contact(contact, owner)


def _agent(node: str, name: str) -> Iterator[ox.Triple]:
    yield say(node, RDF_TYPE, FOAF + "Agent")
    yield say(node, FOAF + "name", ox.Literal(name))


def _contact(node: str, owner: Owner) -> Iterator[ox.Triple]:
    mail = owner.contact_url.startswith("mailto:")
    yield say(node, RDF_TYPE, VCARD + "Kind")
    yield say(node, VCARD + "fn", ox.Literal(owner.publisher or owner.contact))
    yield say(node, VCARD + ("hasEmail" if mail else "hasURL"), owner.contact_url)
