"""`mappings/`: the mapping sets as they are edited (SSSOM/TSV), and in the RDF of SSSOM; `sssom.rq` makes it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pyoxigraph as ox

from kg.files import read_text
from kg.graph.build import Graph
from kg.graph.mappings import find_mappings
from kg.labels import Labels
from kg.namespaces import SSSOM
from kg.queries.engine import construct
from kg.release.dumps import turtle
from kg.release.files import File

_MAPPINGS = ox.NamedNode(SSSOM + "mappings")


def mapping_sets(graph: Graph, project: Path) -> Iterator[File]:
    """Yield each mapping set of a project as SSSOM/TSV and as SSSOM in Turtle.

    Raises:
        SourceError: a file is no SSSOM.

    """
    path, labels = resources.files("kg.release") / "sssom.rq", Labels(graph.store)
    triples = construct(graph.store, path.read_text("utf-8"), str(path), union=True)
    members = {triple.object: triple.subject for triple in triples if triple.predicate == _MAPPINGS}
    for file in find_mappings(project):
        name = file.graph.value
        title = {tag: labels.get(name, tag)[0] for tag in ("en", "nl")}
        own = [triple for triple in triples if members.get(triple.subject, triple.subject) == file.graph]
        yield File(f"mappings/{file.name}.sssom.tsv", read_text(file.path).encode(), title, graph=name)
        yield File(f"mappings/{file.name}.sssom.ttl", turtle(own, graph.prefixes), title, graph=name)
