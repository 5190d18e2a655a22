"""The Turtle files of the project, and the named graph to which each belongs."""

from __future__ import annotations

import lzma
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.namespaces import CATALOGUE, GRAPH, ONTOLOGY_GRAPH

CATALOGUE_FILE = "catalogue.ttl"
_PACKED: Final = ".ttl.xz"


@dataclass(frozen=True)
class Source:
    """One Turtle file, packed or not, and the IRI of the graph that it fills."""

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
        if not is_left_out(path, data)
    ]


def is_left_out(path: Path, data: Path) -> bool:
    """Return whether a path below `data/` is no part of the graph: its name or that of its folder starts with `_`."""
    return any(part.startswith("_") for part in path.relative_to(data).parts)


def find_packed(project: Path) -> list[Source]:
    """Return the vocabularies that a project holds whole, packed by xz: no part of the graph until somebody names one.

    `data/imported/esco-1.1.1.ttl.xz` is `graph/imported/esco-1.1.1`.

    Arguments:
        project: folder with `data/`; without `data/imported/` there are none.

    """
    data = project / "data"
    paths = sorted((data / "imported").glob(f"*{_PACKED}"))
    return [Source(path, GRAPH + path.relative_to(data).as_posix().removesuffix(_PACKED)) for path in paths]


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
    """Yield the triples of one Turtle file (RDF 1.1 Turtle), packed or not.

    Raises:
        SourceError: with file, line and column of the first thing that is not Turtle.

    """
    with _opened(path) as opened:
        yield from ox.parse(**opened, format=ox.RdfFormat.TURTLE)


def load(source: Source, store: ox.Store) -> None:
    """Add the triples of a source to a store, in its graph.

    Raises:
        SourceError: as `parse`.

    """
    with _opened(source.path) as opened:
        store.load(**opened, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(source.graph))


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what the engine reads a file from, and tell an error with its place."""
    try:
        if path.name.endswith(_PACKED):
            with lzma.open(path) as file:
                yield {"input": file}
        elif _has_mark(path):
            yield {"input": path.read_bytes().removeprefix(BOM_UTF8)}
        else:
            yield {"path": str(path)}  # Faster than by a file of Python.
    except (lzma.LZMAError, EOFError) as error:
        raise SourceError(f"no whole xz file: {error}", where=str(path), hint="make it again: kg extract") from error
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


def _has_mark(path: Path) -> bool:
    """Return whether a file begins with a byte order mark, which the engine refuses."""
    with path.open("rb") as file:
        return file.read(len(BOM_UTF8)) == BOM_UTF8


def _without_place(message: str) -> str:
    return message.split(": ", 1)[1] if message.startswith("Parser error at line") and ": " in message else message
