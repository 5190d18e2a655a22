"""The service description (SPARQL 1.1 Service Description): endpoint, formats, graphs, limits."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import RDF_TYPE, VOID_TRIPLES, XSD
from kg.queries.formats import GRAPHS, TABLES
from kg.queries.limits import Limits

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_SCHEMA: Final = "https://schema.org/"
_NAMES: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "nt": "N-Triples",
    "rdf": "RDF_XML",
    "trig": "TriG",
    "nq": "N-Quads",
}
PREFIXES: Final = {"sd": _SD, "formats": _FORMATS, "schema": _SCHEMA, "void": VOID_TRIPLES.removesuffix("triples")}
_Node = ox.NamedNode | ox.BlankNode
_Term = ox.NamedNode | ox.BlankNode | ox.Literal


def describe(endpoint: str, graph: Graph, limits: Limits) -> list[ox.Triple]:
    """Return the description of the service at a URL.

    Arguments:
        endpoint: the URL of the service; where it is no IRI, the service is a blank node.
        graph: its graphs and their sizes.
        limits: become schema:PropertyValue of schema:additionalProperty.

    """
    service = _node(endpoint)
    triples = [
        _triple(service, RDF_TYPE, _sd("Service")),
        _triple(service, _SD + "supportedLanguage", _sd("SPARQL11Query")),
        _triple(service, _SD + "feature", _sd("UnionDefaultGraph")),
    ]
    if isinstance(service, ox.NamedNode):
        triples.append(_triple(service, _SD + "endpoint", service))
    formats = [ox.NamedNode(_FORMATS + _NAMES[one.name]) for one in (*TABLES, *GRAPHS)]
    triples += [_triple(service, _SD + "resultFormat", form) for form in formats]
    return [*triples, *_dataset(service, graph), *_limits(service, limits)]


def _dataset(service: _Node, graph: Graph) -> list[ox.Triple]:
    dataset, default = ox.BlankNode("dataset"), ox.BlankNode("default")
    triples = [
        _triple(service, _SD + "defaultDataset", dataset),
        _triple(service, _SD + "availableGraphs", dataset),
        _triple(dataset, RDF_TYPE, _sd("Dataset")),
        _triple(dataset, RDF_TYPE, _sd("GraphCollection")),
        _triple(dataset, _SD + "defaultGraph", default),
        _triple(default, RDF_TYPE, _sd("Graph")),
        _triple(default, VOID_TRIPLES, _integer(len(graph.store))),
    ]
    for number, name in enumerate(sorted(graph.store.named_graphs(), key=str)):
        named, inside = ox.BlankNode(f"named{number}"), ox.BlankNode(f"graph{number}")
        triples += [
            _triple(dataset, _SD + "namedGraph", named),
            _triple(named, RDF_TYPE, _sd("NamedGraph")),
            _triple(named, _SD + "name", name),
            _triple(named, _SD + "graph", inside),
            _triple(inside, RDF_TYPE, _sd("Graph")),
        ]
        counts = graph.store.quads_for_pattern(name, ox.NamedNode(VOID_TRIPLES), None, None)
        triples += [
            _triple(inside, VOID_TRIPLES, quad.object) for quad in counts if isinstance(quad.object, ox.Literal)
        ]
    return triples


def _limits(service: _Node, limits: Limits) -> list[ox.Triple]:
    triples = []
    for one in limits.listed:
        node = ox.BlankNode(f"limit_{one.name}")
        triples += [
            _triple(service, _SCHEMA + "additionalProperty", node),
            _triple(node, RDF_TYPE, ox.NamedNode(_SCHEMA + "PropertyValue")),
            _triple(node, _SCHEMA + "propertyID", ox.Literal(one.name)),
            _triple(node, _SCHEMA + "name", ox.Literal(one.what, language="en")),
            _triple(node, _SCHEMA + "value", _number(one.value)),
        ]
        if one.unit:
            triples.append(_triple(node, _SCHEMA + "unitText", ox.Literal(one.unit, language="en")))
    return triples


def _node(iri: str) -> _Node:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return ox.BlankNode("service")


def _sd(name: str) -> ox.NamedNode:
    return ox.NamedNode(_SD + name)


def _triple(subject: _Node, predicate: str, value: _Term) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(predicate), value)


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))


def _number(value: float) -> ox.Literal:
    return _integer(value) if isinstance(value, int) else ox.Literal(str(value), datatype=ox.NamedNode(XSD + "decimal"))
