"""The Turtle files of the project, and the named graph to which each belongs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg.errors import SourceError
from kg.namespaces import CATALOGUE, GRAPH, ONTOLOGY_GRAPH

CATALOGUE_FILE = "catalogue.ttl"


@dataclass(frozen=True)
class Source:
    """One Turtle file and the IRI of the graph that it fills."""

    path: Path
    graph: str


Parsed = list[tuple[Source, list[ox.Quad]]]


def find_sources(project: Path) -> list[Source]:
    """Return the sources of a project: a path under `data/` is a graph, `catalogue.ttl` describes its folder.

    Arguments:
        project: folder with `ontology/` and `data/`; folders under data that start with `_` are left out.

    Raises:
        SourceError: a folder is missing or holds no Turtle.

    """
    ontology = [_source(path, ONTOLOGY_GRAPH) for path in _turtle_files(project / "ontology")]
    data = project / "data"
    return ontology + [
        _source(path, GRAPH + path.parent.relative_to(data).as_posix())
        for path in _turtle_files(data)
        if not any(part.startswith("_") for part in path.relative_to(data).parts)
    ]


def _source(path: Path, graph: str) -> Source:
    return Source(path, CATALOGUE if path.name == CATALOGUE_FILE else graph)


def _turtle_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SourceError("the folder is missing", where=str(folder), hint="nothing can be loaded without it")
    files = sorted(folder.rglob("*.ttl"))
    if not files:
        raise SourceError("no Turtle file in the folder", where=str(folder), hint="add a .ttl file")
    return files


def read(sources: Iterable[Source]) -> Parsed:
    """Return each source with its triples, each file parsed once.

    Raises:
        SourceError: with file, line and column.

    """
    return [(source, list(parse(source.path))) for source in sources]


def parse(path: Path) -> Iterator[ox.Quad]:
    """Yield the triples of one Turtle file (RDF 1.1 Turtle).

    Raises:
        SourceError: with file, line and column of the first thing that is not Turtle.

    """
    with _placed(path):
        yield from ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)


def load(source: Source, store: ox.Store) -> None:
    """Add the triples of a source to a store, in its graph.

    Raises:
        SourceError: as `parse`.

    """
    with _placed(source.path):
        store.load(path=str(source.path), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(source.graph))


@contextmanager
def _placed(path: Path) -> Iterator[None]:
    """Tell an error of the engine with its place."""
    try:
        yield
    except SyntaxError as error:
        raise SourceError(
            _without_place(error.msg),
            where=str(path),
            line=error.lineno,
            column=error.offset,
            hint="mend the Turtle there, or a little before",
        ) from error
    except OSError as error:
        raise SourceError(
            error.strerror or str(error), where=str(path), hint="check the path and its rights"
        ) from error


def _without_place(message: str) -> str:
    return message.split(": ", 1)[1] if message.startswith("Parser error at line") and ": " in message else message
