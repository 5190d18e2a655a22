"""`void.ttl`: what is in the dataset, counted, with class and property partitions (VoID)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.labels import Labels
from kg.namespaces import BASE, CATALOGUE, DCT, GRAPH, ID, RDF_TYPE, XSD
from kg.rdf_terms import local_name
from kg.release.dumps import WHOLE, turtle
from kg.release.files import DATASET, DOWNLOAD, Edition, File
from kg.release.metadata import MORE_PREFIXES, number, say, statements_about, terms_of, versions

VOID: Final = "http://rdfs.org/ns/void#"
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_DUMPS: Final = ("ttl.gz", "nq.gz", "jsonld.gz")
_SHOWN: Final = 3
_FOAF_TOPIC: Final = "http://xmlns.com/foaf/0.1/primaryTopic"

Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def void(graph: Graph, edition: Edition) -> File:
    """Return the description of the dataset and of each of its graphs.

    Arguments:
        graph: the built graph; counts of the whole are those of the union of its graphs.
        edition: whence the date comes.

    """
    triples = sorted({quad.triple for quad in graph.store}, key=str)
    said = [*_whole(graph, edition, triples), *_classes(triples), *_properties(DATASET, triples), *_subsets(graph)]
    data = turtle(said, {**graph.prefixes, **MORE_PREFIXES})
    return File("void.ttl", data, {"en": "Description in VoID", "nl": "Beschrijving in VoID"}, free=True)


def _whole(graph: Graph, edition: Edition, triples: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    page = BASE + ".well-known/void"
    yield say(page, RDF_TYPE, VOID + "DatasetDescription")
    yield say(page, _FOAF_TOPIC, DATASET)
    yield from statements_about([DATASET])
    yield from versions(graph)
    if edition.date:
        yield say(DATASET, DCT + "issued", ox.Literal(edition.date, datatype=ox.NamedNode(XSD + "date")))
    yield from (say(DATASET, VOID + "dataDump", f"{DOWNLOAD}{WHOLE}.{suffix}") for suffix in _DUMPS)
    spaces = {name.value.rpartition("#")[0] + "#" for name in _used(triples) if "#" in name.value}
    yield from (say(DATASET, VOID + "vocabulary", space) for space in sorted(spaces))
    yield from _counted(DATASET, triples)
    yield from _examples(triples)


def _used(triples: Iterable[ox.Triple]) -> set[ox.NamedNode]:
    used = {triple.predicate for triple in triples}
    return used | {_named(triple.object) for triple in triples if triple.predicate == _TYPE}


def _named(node: Node) -> ox.NamedNode:
    return node if isinstance(node, ox.NamedNode) else _TYPE


def _counted(node: str, triples: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    subjects = {triple.subject for triple in triples}
    counts = {
        "triples": len(triples),
        "entities": sum(str(subject).startswith(f"<{ID}") for subject in subjects),
        "distinctSubjects": len(subjects),
        "distinctObjects": len({triple.object for triple in triples}),
        "properties": len({triple.predicate for triple in triples}),
        "classes": len({triple.object for triple in triples if triple.predicate == _TYPE}),
    }
    yield from (say(node, VOID + name, number(count)) for name, count in counts.items())


def _examples(triples: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield the three things below `/id/` of which most is said."""
    said = Counter(str(triple.subject)[1:-1] for triple in triples if str(triple.subject).startswith(f"<{ID}"))
    most = sorted(said, key=lambda iri: (-said[iri], iri))[:_SHOWN]
    yield from (say(DATASET, VOID + "exampleResource", iri) for iri in most)


def _instances(triples: Iterable[ox.Triple]) -> dict[str, set[Node]]:
    found: dict[str, set[Node]] = {}
    for triple in triples:
        if triple.predicate == _TYPE and isinstance(triple.object, ox.NamedNode):
            found.setdefault(triple.object.value, set()).add(triple.subject)
    return dict(sorted(found.items()))


def _classes(triples: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    by_subject: dict[Node, list[ox.Triple]] = {}
    for triple in triples:
        by_subject.setdefault(triple.subject, []).append(triple)
    for kind, things in _instances(triples).items():
        node = _partition("class", kind)
        yield say(DATASET, VOID + "classPartition", node)
        yield say(node, VOID + "class", kind)
        yield say(node, VOID + "entities", number(len(things)))
        own = [triple for thing in things for triple in by_subject[thing]]
        yield say(node, VOID + "triples", number(len(own)))
        yield from _properties(node, own)


def _properties(node: str, triples: Sequence[ox.Triple]) -> Iterator[ox.Triple]:
    counts = Counter(triple.predicate.value for triple in triples)
    for predicate, count in sorted(counts.items()):
        part = _partition(f"{node.partition('#')[2] or 'all'}.property", predicate)
        yield say(node, VOID + "propertyPartition", part)
        yield say(part, VOID + "property", predicate)
        yield say(part, VOID + "triples", number(count))


def _partition(kind: str, iri: str) -> str:
    space = iri.removesuffix(local_name(iri)).rstrip("/#").rpartition("/")[2]
    return f"{DATASET}#{kind}.{space}-{local_name(iri)}"


def _subsets(graph: Graph) -> Iterator[ox.Triple]:
    labels = Labels(graph.store)
    for name in sorted(node.value for node in graph.store.named_graphs() if isinstance(node, ox.NamedNode)):
        quads = list(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
        yield say(DATASET, VOID + "subset", name)
        yield say(name, RDF_TYPE, VOID + "Dataset")
        for tag in ("en", "nl"):
            text, language = labels.get(name, tag)
            yield from [say(name, DCT + "title", ox.Literal(text, language=tag))] if language == tag else []
        yield from (say(name, predicate, value) for predicate, value in terms_of(graph, name))
        yield say(name, VOID + "triples", number(len(quads)))
        yield from (say(name, VOID + "dataDump", f"{dump(name)}.{suffix}") for suffix in _DUMPS)
    yield say(CATALOGUE, VOID + "inDataset", DATASET)


def dump(graph: str) -> str:
    """Return where the dumps of a graph can be fetched, without their suffix."""
    return f"{DOWNLOAD}graphs/{graph.removeprefix(GRAPH)}"
