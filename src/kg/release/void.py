"""`void.ttl`: what is in the dataset, with partitions and linksets (VoID)."""

from __future__ import annotations

from kg.graph.build import Graph
from kg.graph.description import counts
from kg.namespaces import DCT
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
    triples = {*statements_about([DATASET]), *versions(graph), *issued, *counts(graph.store)}
    data = turtle(sorted(triples, key=str), {**graph.prefixes, **MORE_PREFIXES})
    return File("void.ttl", data, {"en": "Description in VoID", "nl": "Beschrijving in VoID"}, free=True)
