"""The service description (SPARQL 1.1 Service Description): endpoint, formats, graphs, limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox
from flask import render_template

from kg.namespaces import VOID_TRIPLES
from kg.queries.formats import GRAPHS, TABLES, Format, serialise_triples
from kg.rdf_terms import Term, is_iri, objects
from kg.web.site import Site

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
_PREFIXES: Final = {
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "formats": "http://www.w3.org/ns/formats/",
    "schema": "https://schema.org/",
    "void": VOID_TRIPLES.removesuffix("triples"),
}


def describe(site: Site, endpoint: str, form: Format) -> bytes:
    """Return the description of the service at a URL.

    Arguments:
        site: its graphs with their sizes, and its limits, which become schema:PropertyValue.
        endpoint: the URL of the service; where it is no IRI, the service is a blank node.
        form: an RDF format.

    """
    store = site.graph.store
    graphs = sorted(store.named_graphs(), key=str)
    turtle = render_template(
        "service_description.ttl",
        service=f"<{endpoint}>" if is_iri(endpoint) else "_:service",
        endpoint=is_iri(endpoint),
        formats=[_NAMES[each.name] for each in (*TABLES, *GRAPHS)],
        statements=site.graph.dataset.triples,
        graphs=_counted(store, graphs),
        imported=_counted(store, map(ox.NamedNode, sorted(site.graph.imported.names))),
        limits=site.limits.listed,
    )
    triples = [quad.triple for quad in ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)]
    return serialise_triples(triples, form, _PREFIXES)


def _counted(store: ox.Store, graphs: Iterable[Term]) -> list[tuple[Term, list[Term]]]:
    """Return graphs with their number of triples, as the catalogue says it."""
    return [(name, list(objects(store, name, VOID_TRIPLES))) for name in graphs]
