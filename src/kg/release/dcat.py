"""`dataset.ttl` and `dataset.jsonld`: catalogue, dataset, endpoint and downloads in DCAT-AP-NL 3.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import BASE, DCAT, DCT, ONTOLOGY_GRAPH, RDF_TYPE, XSD
from kg.release.dumps import turtle
from kg.release.files import DATASET, Edition, File, Owner
from kg.release.metadata import (
    CATALOG,
    MORE_PREFIXES,
    dataset_description,
    dates,
    licence_of,
    makers,
    terms_of,
    triple,
    versions,
)

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
    "application/vnd.apache.parquet": "PARQUET",
}
_COMPRESS_FORMATS: Final = {
    "application/gzip": f"{_IANA}application/gzip",
    "application/x-xz": "https://tukaani.org/xz/xz-file-format.txt",  # No media type of IANA: its specification.
}
_RANGES: Final = {
    DCAT + "compressFormat": DCT + "MediaType",
    DCAT + "mediaType": DCT + "MediaType",
    DCT + "format": DCT + "MediaTypeOrExtent",
    DCT + "license": DCT + "LicenseDocument",
    _SPDX + "algorithm": _SPDX + "ChecksumAlgorithm",
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
    keywords = (ox.Literal(word, language="en") for word in edition.keywords)
    distributed = (file for file in files if file.media_type in _FILE_TYPES)
    description = {
        *dataset_description(),
        *makers((DATASET, CATALOG, BASE + "sparql"), owner, edition),
        *versions(graph),
        *dates((DATASET, CATALOG), (DCT + "issued", DCT + "modified"), edition),
        *(triple(DATASET, DCAT + "keyword", keyword) for keyword in keywords),
        *(statement for file in distributed for statement in _distribution(graph, file)),
    }
    description |= set(_classes(description))
    triples = sorted(description, key=str)
    tree = ox.serialize(triples, format=ox.RdfFormat.JSON_LD) or b""
    return [
        File("dataset.ttl", turtle(triples, {**graph.prefixes, **MORE_PREFIXES}), _TITLES, free=True),
        File("dataset.jsonld", tree, _TITLES, free=True),
    ]


def _distribution(graph: Graph, file: File) -> Iterator[ox.Triple]:
    yield triple(DATASET, DCAT + "distribution", file.iri)
    yield triple(file.iri, RDF_TYPE, DCAT + "Distribution")
    for tag, text in file.title.items():
        yield triple(file.iri, DCT + "title", ox.Literal(text, language=tag))
    yield triple(file.iri, DCT + "license", licence(graph, file))
    for predicate, value in terms_of(graph, file.graph):
        if predicate == DCT + "rights" and isinstance(value, ox.Literal):
            yield triple(file.iri, DCT + "description", value)
    yield triple(file.iri, DCAT + "accessURL", file.iri)
    yield triple(file.iri, DCAT + "downloadURL", file.iri)
    yield triple(file.iri, DCT + "format", _FILE_TYPE + _FILE_TYPES[file.media_type])
    yield triple(file.iri, DCAT + "mediaType", _IANA + file.media_type)
    if file.compression:
        yield triple(file.iri, DCAT + "compressFormat", _COMPRESS_FORMATS[file.compression])
    size = ox.Literal(str(len(file.data)), datatype=ox.NamedNode(XSD + "nonNegativeInteger"))
    yield triple(file.iri, DCAT + "byteSize", size)
    yield triple(file.iri, _AVAILABLE, _STABLE)
    yield from _checksum(file)


def _classes(description: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield the class of each value whose property has a range (DCAT-AP 3.0.1), as its vocabulary may not be loaded."""
    for statement in description:
        if (name := _RANGES.get(statement.predicate.value)) and isinstance(statement.object, ox.NamedNode):
            yield triple(statement.object.value, RDF_TYPE, name)


def licence(graph: Graph, file: File) -> str:
    """Return the IRI of the terms of a file: those of its graph, ours where it is free, else the list of all terms."""
    return licence_of(graph, file.graph or (ONTOLOGY_GRAPH if file.free else ""))


def _checksum(file: File) -> Iterator[ox.Triple]:
    node = f"{DATASET}#sha256.{file.sha256}"
    yield triple(file.iri, _SPDX + "checksum", node)
    yield triple(node, RDF_TYPE, _SPDX + "Checksum")
    yield triple(node, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
    yield triple(node, _SPDX + "checksumValue", ox.Literal(file.sha256, datatype=ox.NamedNode(XSD + "hexBinary")))
