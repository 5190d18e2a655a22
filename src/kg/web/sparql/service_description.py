"""The service description (SPARQL 1.1 Service Description): endpoint, formats, graphs, limits."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import pyoxigraph as ox
from flask import render_template

from kg.graph.description import examples
from kg.namespaces import VOID_TRIPLES
from kg.queries.formats import GRAPHS, TABLES, Format, serialise_triples
from kg.queries.text_score import IRI
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
    """Return the description of the service at a URL, with its example queries and, once the release is made, its VoID.

    Readers such as sparql-llm look for both here where the default graph has none. It is kept for the next who asks.

    Arguments:
        site: its graphs with their sizes, and its limits, which become schema:PropertyValue.
        endpoint: the URL of the service; where it is no IRI, the service is a blank node.
        form: an RDF format.

    """
    void = site.release.made().get("void.ttl")
    key = blake2b(f"service {endpoint} {form.name} {site.data_version} {bool(void)}".encode(), digest_size=20).digest()
    data: bytes | None = site.cache.get(key)
    if data is None:
        triples = [*_service(site, endpoint), *examples(site.questions)]
        triples += _parsed(void.data) if void else []
        data = serialise_triples(triples, form, {**site.graph.prefixes, **_PREFIXES})
        site.cache.put(key, data, len(data))
    return data


def _parsed(turtle: bytes) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)]


def _service(site: Site, endpoint: str) -> list[ox.Triple]:
    store = site.graph.store
    graphs = sorted(store.named_graphs(), key=str)
    turtle = render_template(
        "service_description.ttl",
        service=f"<{endpoint}>" if is_iri(endpoint) else "_:service",
        endpoint=is_iri(endpoint),
        formats=[_NAMES[each.name] for each in (*TABLES, *GRAPHS)],
        functions=[] if site.settings.backend else [IRI],
        statements=site.graph.dataset.triples,
        graphs=_counted(store, graphs),
        imported=_counted(store, map(ox.NamedNode, sorted(site.graph.imported.names))),
        limits=site.limits.listed,
    )
    return _parsed(turtle.encode())


def _counted(store: ox.Store, graphs: Iterable[Term]) -> list[tuple[Term, list[Term]]]:
    """Return graphs with their number of triples, as the catalogue says it."""
    return [(name, list(objects(store, name, VOID_TRIPLES))) for name in graphs]
