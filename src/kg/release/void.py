"""`void.ttl`: what is in the dataset, with class and property partitions (VoID); `void.rq` counts."""

from __future__ import annotations

from importlib import resources

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.namespaces import DCT
from kg.queries.engine import construct
from kg.release.dumps import turtle
from kg.release.files import DATASET, Edition, File
from kg.release.metadata import MORE_PREFIXES, dates, statements_about, versions


def void(graph: Graph, edition: Edition) -> File:
    """Return the description of the dataset and of each of its graphs.

    Arguments:
        graph: the built graph; counts of the whole are those of the union of its graphs.
        edition: says when it was released.

    """
    issued = dates([DATASET], [DCT + "issued"], edition)
    triples = {*statements_about([DATASET]), *versions(graph), *issued, *_counts(graph.store)}
    data = turtle(sorted(triples, key=str), {**graph.prefixes, **MORE_PREFIXES})
    return File("void.ttl", data, {"en": "Description in VoID", "nl": "Beschrijving in VoID"}, free=True)


def _counts(store: ox.Store) -> list[ox.Triple]:
    """Return what `void.rq` constructs from a store whose default graph holds each triple once."""
    union = ox.Store()
    union.bulk_extend(store)
    union.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in store)
    path = resources.files("kg.release") / "void.rq"
    return construct(union, path.read_text("utf-8"), str(path), union=False)
