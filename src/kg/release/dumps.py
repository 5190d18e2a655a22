"""Dumps: each graph and the whole, in Turtle, N-Quads and JSON-LD, sorted and compressed without a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.graph.sources import find_packed, parse
from kg.labels import Labels
from kg.namespaces import DCT, GRAPH, ONTOLOGY_GRAPH, RDF_TYPE
from kg.queries.formats import plain_prefixes
from kg.rdf_terms import objects
from kg.release.files import File, packed

WHOLE: Final = "klimaatbanen"
PACKED: Final = "ttl.xz"
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_TURTLE, _QUADS, _JSON = ox.RdfFormat.TURTLE, ox.RdfFormat.N_QUADS, ox.RdfFormat.JSON_LD
_WHOLE_TITLES: Final = {
    "ttl.gz": {"en": "Everything, the union of all graphs", "nl": "Alles, de vereniging van alle grafen"},
    "nq.gz": {"en": "Everything, each statement with its graph", "nl": "Alles, elke uitspraak met haar graaf"},
    "jsonld.gz": {"en": "Everything, each statement with its graph", "nl": "Alles, elke uitspraak met haar graaf"},
}


def dumps(graph: Graph, of_ontology: Iterable[ox.Triple] = ()) -> Iterator[File]:
    """Yield the dumps of a graph: the whole, then each named graph, then the ontology in plain Turtle.

    Blank nodes are labelled by RDFC-1.0 over the whole, so that they are the same nodes in every dump.

    Arguments:
        graph: the built graph.
        of_ontology: what only the owner says of the ontology.

    """
    quads = canonical(graph.store)
    whole = _serialised(quads, _union(quads), quads, graph.prefixes)
    for suffix, data in whole:
        yield File(f"{WHOLE}.{suffix}", data, _WHOLE_TITLES[suffix])
    labels = Labels(graph.store)
    for name, own in _by_graph(quads).items():
        title = {tag: labels.get(name, tag)[0] for tag in ("en", "nl")}
        triples = [quad.triple for quad in own]
        for suffix, data in _serialised(own, triples, triples, graph.prefixes):
            yield File(f"graphs/{name.removeprefix(GRAPH)}.{suffix}", data, title, graph=name)
    yield _ontology(graph, quads, of_ontology)


def imported(graph: Graph, project: Path) -> Iterator[File]:
    """Yield the imported graphs of a project that the catalogue describes, as they stand there."""
    labels = Labels(graph.store)
    for source in find_packed(project):
        if any(True for _ in objects(graph.store, ox.NamedNode(source.graph), DCT + "title")):
            title = {tag: labels.get(source.graph, tag)[0] for tag in ("en", "nl")}
            name = f"graphs/{source.graph.removeprefix(GRAPH)}.{PACKED}"
            yield File(name, source.path.read_bytes(), title, graph=source.graph)


def _ontology(graph: Graph, quads: Iterable[ox.Quad], more: Iterable[ox.Triple]) -> File:
    triples = [*(quad.triple for quad in quads if quad.graph_name == ox.NamedNode(ONTOLOGY_GRAPH)), *more]
    return File("ontology.ttl", turtle(triples, graph.prefixes), {"en": "Ontology", "nl": "Ontologie"}, free=True)


def shapes(graph: Graph, project: Path) -> Iterator[File]:
    """Yield the SHACL shapes of a project as one file, and its check queries as they are."""
    folder = project / "shapes"
    quads = canonical(quad for path in sorted(folder.glob("*.ttl")) for quad in _labelled(path))
    title = {"en": "SHACL shapes", "nl": "SHACL-vormen"}
    yield File("shapes.ttl", turtle([quad.triple for quad in quads], graph.prefixes), title, free=True)
    for path in sorted(folder.glob("checks/*.rq")):
        title = {"en": f"Check query {path.stem}", "nl": f"Controlevraag {path.stem}"}
        yield File(f"checks/{path.name}", path.read_bytes(), title, free=True)


def _labelled(path: Path) -> Iterator[ox.Quad]:
    """Yield the triples of a file; blank nodes of different files stay different."""
    return rename_blank_nodes(parse(path), lambda label: f"{path.stem}-{label}")


def rename_blank_nodes(quads: Iterable[ox.Quad], rename: Callable[[str], str]) -> Iterator[ox.Quad]:
    """Yield quads whose blank nodes have another label."""
    for quad in quads:
        subject, value = quad.subject, quad.object
        subject = ox.BlankNode(rename(subject.value)) if isinstance(subject, ox.BlankNode) else subject
        value = ox.BlankNode(rename(value.value)) if isinstance(value, ox.BlankNode) else value
        yield ox.Quad(subject, quad.predicate, value, quad.graph_name)


def canonical(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return quads with their blank nodes labelled by RDFC-1.0, sorted by graph, subject, type, predicate, object."""
    dataset = ox.Dataset(iter(quads))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(dataset, key=_order)


def _order(quad: ox.Quad) -> tuple[str, str, bool, str, str]:
    return (str(quad.graph_name), *_triple_order(quad.triple))


def _triple_order(triple: ox.Triple) -> tuple[str, bool, str, str]:
    return str(triple.subject), triple.predicate != _TYPE, str(triple.predicate), str(triple.object)


def _union(quads: Iterable[ox.Quad]) -> list[ox.Triple]:
    return sorted({quad.triple for quad in quads}, key=_triple_order)


def _by_graph(quads: Iterable[ox.Quad]) -> dict[str, list[ox.Quad]]:
    graphs: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        if isinstance(quad.graph_name, ox.NamedNode):
            graphs.setdefault(quad.graph_name.value, []).append(quad)
    return graphs


def _serialised(
    quads: Sequence[ox.Quad],
    triples: Sequence[ox.Triple],
    tree: Sequence[ox.Quad] | Sequence[ox.Triple],
    prefixes: dict[str, str],
) -> Iterator[tuple[str, bytes]]:
    yield "ttl.gz", packed(turtle(triples, prefixes))
    yield "nq.gz", packed(_bytes(quads, _QUADS))
    yield "jsonld.gz", packed(_bytes(tree, _JSON))


def turtle(triples: Iterable[ox.Triple], prefixes: dict[str, str]) -> bytes:
    """Return triples as Turtle: one block a subject, subjects and their triples in the order given."""
    blocks: dict[object, list[ox.Triple]] = {}
    for triple in triples:
        blocks.setdefault(triple.subject, []).append(triple)
    triples = [triple for block in blocks.values() for triple in block]
    plain = plain_prefixes(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"", prefixes)
    return ox.serialize(triples, format=_TURTLE, prefixes=plain) or b""


def _bytes(statements: Sequence[ox.Quad] | Sequence[ox.Triple], form: ox.RdfFormat) -> bytes:
    return ox.serialize(statements, format=form) or b""
