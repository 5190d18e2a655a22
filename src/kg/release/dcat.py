"""`dataset.ttl` and `dataset.jsonld`: catalogue, dataset, endpoint and downloads in DCAT-AP-NL 3.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import BASE, DCAT, DCT, ONTOLOGY_GRAPH, RDF_TYPE, XSD
from kg.release.dumps import turtle
from kg.release.files import DATASET, DOWNLOAD, LICENCE, Edition, File, Owner
from kg.release.metadata import CATALOG, MORE_PREFIXES, described, licence_of, makers, number, say, terms_of, versions

_IANA: Final = "http://www.iana.org/assignments/media-types/"
_FILE_TYPE: Final = "http://publications.europa.eu/resource/authority/file-type/"
_AVAILABLE: Final = "http://data.europa.eu/r5r/availability"
_STABLE: Final = "http://publications.europa.eu/resource/authority/planned-availability/STABLE"
_SPDX: Final = "http://spdx.org/rdf/terms#"
_FILE_TYPES: Final = {
    "text/turtle": "RDF_TURTLE",
    "application/n-quads": "RDF_N_QUADS",
    "application/ld+json": "JSON_LD",
    "text/csv": "CSV",
}
_TITLES: Final = {"en": "Description in DCAT", "nl": "Beschrijving in DCAT"}


def dcat(graph: Graph, files: Iterable[File], owner: Owner, edition: Edition) -> list[File]:
    """Return the catalogue in Turtle and JSON-LD.

    Arguments:
        graph: the built graph.
        files: the dumps and tables; each becomes a distribution.
        owner: publisher and contact point; what is not set is left out.
        edition: date, makers and keywords.

    """
    triples = [
        *described(),
        *makers((DATASET, CATALOG, BASE + "sparql"), owner, edition),
        *versions(graph),
        *_edition(edition),
        *_licence(),
        *(triple for file in files if file.media_type in _FILE_TYPES for triple in _distribution(graph, file)),
    ]
    tree = ox.serialize(sorted(set(triples), key=str), format=ox.RdfFormat.JSON_LD) or b""
    return [
        File("dataset.ttl", turtle(triples, {**graph.prefixes, **MORE_PREFIXES}), _TITLES, free=True),
        File("dataset.jsonld", tree, _TITLES, free=True),
    ]


def _edition(edition: Edition) -> Iterator[ox.Triple]:
    if edition.date:
        date = ox.Literal(edition.date, datatype=ox.NamedNode(XSD + "date"))
        yield from (say(node, DCT + name, date) for node in (DATASET, CATALOG) for name in ("issued", "modified"))
    yield from (say(DATASET, DCAT + "keyword", ox.Literal(word, language="en")) for word in edition.keywords)


def _licence() -> Iterator[ox.Triple]:
    node = DOWNLOAD + LICENCE
    yield say(node, RDF_TYPE, DCT + "LicenseDocument")
    yield say(node, DCT + "title", ox.Literal("Terms, graph by graph", language="en"))
    yield say(node, DCT + "title", ox.Literal("Voorwaarden, per graaf", language="nl"))


def _distribution(graph: Graph, file: File) -> Iterator[ox.Triple]:
    yield say(DATASET, DCAT + "distribution", file.iri)
    yield say(file.iri, RDF_TYPE, DCAT + "Distribution")
    yield from (say(file.iri, DCT + "title", ox.Literal(text, language=tag)) for tag, text in file.title.items())
    yield say(file.iri, DCT + "license", licence(graph, file))
    for predicate, text in terms_of(graph, file.graph):
        if predicate == DCT + "rights" and isinstance(text, ox.Literal):
            yield say(file.iri, DCT + "description", text)
    yield say(file.iri, DCAT + "accessURL", file.iri)
    yield say(file.iri, DCAT + "downloadURL", file.iri)
    yield say(file.iri, DCT + "format", _FILE_TYPE + _FILE_TYPES[file.media_type])
    yield say(file.iri, DCAT + "mediaType", _IANA + file.media_type)
    if file.packed:
        yield say(file.iri, DCAT + "compressFormat", _IANA + "application/gzip")
    yield say(file.iri, DCAT + "byteSize", _size(file))
    yield say(file.iri, _AVAILABLE, _STABLE)
    yield from _checksum(file)


def licence(graph: Graph, file: File) -> str:
    """Return the IRI of the terms of a file: those of its graph, ours where it is free, else the list of all terms."""
    return licence_of(graph, file.graph or (ONTOLOGY_GRAPH if file.free else ""))


def _size(file: File) -> ox.Literal:
    return ox.Literal(number(len(file.data)).value, datatype=ox.NamedNode(XSD + "nonNegativeInteger"))


def _checksum(file: File) -> Iterator[ox.Triple]:
    node = f"{DATASET}#sha256.{file.sha256}"
    yield say(file.iri, _SPDX + "checksum", node)
    yield say(node, RDF_TYPE, _SPDX + "Checksum")
    yield say(node, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
    yield say(node, _SPDX + "checksumValue", ox.Literal(file.sha256, datatype=ox.NamedNode(XSD + "hexBinary")))
