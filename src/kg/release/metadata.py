"""What is said of the dataset as a whole, the same in every description: title, terms, versions, makers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import DCAT, DCT, RDF_TYPE, XSD
from kg.rdf_terms import objects
from kg.release.files import DATASET, DOWNLOAD, LICENCE, Edition, Owner

FOAF: Final = "http://xmlns.com/foaf/0.1/"
VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
CC_BY: Final = "https://creativecommons.org/licenses/by/4.0/"
CATALOG: Final = DATASET + "#catalogue"
MORE_PREFIXES: Final = {
    "adms": "http://www.w3.org/ns/adms#",
    "foaf": FOAF,
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": VCARD,
}


def triple(subject: str, predicate: str, value: ox.NamedNode | ox.Literal | str) -> ox.Triple:
    """Return a triple; a plain text is an IRI."""
    term = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term)


def dataset_description() -> list[ox.Triple]:
    """Return what `dataset.ttl` says of dataset, catalogue, endpoint and terms."""
    text = (resources.files("kg.release") / "dataset.ttl").read_bytes()
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


def statements_about(nodes: Iterable[str]) -> Iterator[ox.Triple]:
    """Yield what `dataset.ttl` says of the nodes given."""
    wanted = {ox.NamedNode(node) for node in nodes}
    return (triple for triple in dataset_description() if triple.subject in wanted)


def versions(graph: Graph) -> Iterator[ox.Triple]:
    """Yield the version of the dataset and its IRI (DCAT 3, section 11); `owl:versionIRI` is for ontologies."""
    yield triple(DATASET, DCAT + "version", ox.Literal(graph.version))
    yield triple(DATASET, DCAT + "hasCurrentVersion", f"{DATASET}/{graph.version}")


def dates(nodes: Iterable[str], properties: Iterable[str], edition: Edition) -> Iterator[ox.Triple]:
    """Yield the date of the edition as each property of each node; nothing where it is not stated."""
    if edition.date:
        date = ox.Literal(edition.date, datatype=ox.NamedNode(XSD + "date"))
        yield from (triple(node, name, date) for node in nodes for name in properties)


def terms_of(graph: Graph, name: str) -> list[tuple[str, ox.NamedNode | ox.Literal]]:
    """Return the terms of a named graph as property and value: its licences, then its rights; sorted.

    Arguments:
        graph: the built graph, whose catalogue states them.
        name: IRI of the named graph; an empty one has no terms.

    """
    values = [
        (predicate, value)
        for predicate in (DCT + "license", DCT + "rights")
        for value in objects(graph.store, ox.NamedNode(name) if name else None, predicate)
    ]
    return sorted(((name, term) for name, term in values if isinstance(term, ox.NamedNode | ox.Literal)), key=str)


def licence_of(graph: Graph, name: str) -> str:
    """Return the IRI of the licence of a graph; where it has none, our list of licences, which names its terms."""
    stated = dict(terms_of(graph, name)).get(DCT + "license")
    return stated.value if isinstance(stated, ox.NamedNode) else DOWNLOAD + LICENCE


def makers(subjects: Iterable[str], owner: Owner, edition: Edition) -> Iterator[ox.Triple]:
    """Yield creator, publisher and contact point of the subjects (DCAT-AP-NL 3.0), as far as they are known."""
    creator, publisher = DATASET + "#creator", owner.publisher_iri or DATASET + "#publisher"
    contact = DATASET + "#contact"
    for subject in subjects:
        if edition.authors and subject != CATALOG:
            yield triple(subject, DCT + "creator", creator)
        if owner.publisher:
            yield triple(subject, DCT + "publisher", publisher)
        if owner.contact:
            yield triple(subject, DCAT + "contactPoint", contact)
    if edition.authors:
        yield from _agent(creator, ", ".join(edition.authors))
    if owner.publisher:
        yield from _agent(publisher, owner.publisher)
    if owner.contact:
        yield from _contact(contact, owner)


def _agent(node: str, name: str) -> Iterator[ox.Triple]:
    yield triple(node, RDF_TYPE, FOAF + "Agent")
    yield triple(node, FOAF + "name", ox.Literal(name))


def _contact(node: str, owner: Owner) -> Iterator[ox.Triple]:
    mail = owner.contact_url.startswith("mailto:")
    yield triple(node, RDF_TYPE, VCARD + "Kind")
    yield triple(node, VCARD + "fn", ox.Literal(owner.publisher or owner.contact))
    yield triple(node, VCARD + ("hasEmail" if mail else "hasURL"), owner.contact_url)
