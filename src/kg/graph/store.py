"""A graph on disk: written beside the old one and put in its place at once, so that a crash leaves one of the two.

In the folder, `current` is a link to a version; a version is whole when it holds `kg-store.json`, which is
written last.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError, Unavailable
from kg.graph.build import Graph
from kg.graph.sources import Source
from kg.queries.dataset import StoredDataset, in_default_graph

_CURRENT: Final = "current"
_MARKER: Final = "kg-store.json"
_FORMAT: Final = 2
_WHOLE: Final = "whole"  # Beside the named graphs: the same, and their merge as default graph.
_PART: Final = ".part-"
_TICK: Final = 10_000
_HINT: Final = "make it with: kg load DIR"


@dataclass(frozen=True)
class StoredGraph:
    """What a store on disk holds.

    Attributes:
        format: of this folder; another one is refused.
        version: of the ontology.
        statements: how many there are.
        data: changes with the data.
        engine: the version of pyoxigraph that wrote it.
        overlaps: IRIs of graphs that hold triples in common, and how many.
        prefixes: of the graph.
        path: where the version stands.

    """

    format: int
    version: str
    statements: int
    data: str
    engine: str
    overlaps: Sequence[Sequence[Any]]
    prefixes: Mapping[str, str]
    path: str = ""

    def open(self) -> StoredDataset:
        """Return the store, to read; several processes may have it open."""
        overlaps = {frozenset(graphs): count for count, *graphs in self.overlaps}
        whole = ox.Store.read_only(str(Path(self.path) / _WHOLE))
        return StoredDataset(ox.Store.read_only(self.path), whole, overlaps)

    def graph(self, packed: Iterable[Source] = ()) -> Graph:
        """Return the graph over the opened store; `packed` as in `Graph`."""
        dataset = self.open()
        return Graph(dataset.store, (), dataset, tuple(packed))


def write_store(graph: Graph, folder: Path, data: str, tick: Callable[[int], None] = lambda _: None) -> StoredGraph:
    """Write a graph to a folder, or put it in the place of the one that is there.

    Arguments:
        graph: what is written.
        folder: holds nothing, or a store of ours.
        data: the data version.
        tick: called with the count of statements written so far.

    Raises:
        SourceError: the folder holds something else.
        Unavailable: the disk is full, or may not be written.

    """
    _refuse_foreign(folder)
    version = folder / f"{graph.version}-{data}-{os.getpid()}"
    part = folder / f"{_PART}{version.name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_PART}*"):
            shutil.rmtree(left)
        stored = _write(graph, part, data, tick)
        part.rename(version)
        _point(folder, version)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(part, ignore_errors=True)
        what = f"cannot write the store: {error}"
        raise Unavailable(what, where=str(folder), hint="the store that was there is as it was; make room") from error
    _sweep(folder, version)
    return stored


def read_stored(folder: Path) -> StoredGraph:
    """Return what the store in a folder holds.

    Raises:
        SourceError: there is none, it is not whole, or it is not ours.

    """
    current = folder / _CURRENT
    if not current.is_dir():
        parts = list(folder.glob(f"{_PART}*")) if folder.is_dir() else []
        what = "the store is half written: its load did not end" if parts else "no store of kg stands here"
        raise SourceError(what, where=str(folder), hint=_HINT)
    try:
        marker = json.loads((current / _MARKER).read_text("utf-8"))
        stored = StoredGraph(**{**marker, "path": str(current.resolve())})
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(
            "the store is not whole: its marker is missing or broken", where=str(folder), hint=_HINT
        ) from error
    if stored.format != _FORMAT:
        raise SourceError(f"the store has format {stored.format}; {_FORMAT} is known", where=str(folder), hint=_HINT)
    return stored


def _refuse_foreign(folder: Path) -> None:
    if folder.is_dir():
        names = {path.name for path in folder.iterdir() if not path.name.startswith(_PART)}
        if names and _CURRENT not in names:
            hint = "name a folder that is empty, or was made by kg load"
            raise SourceError("the folder holds something else", where=str(folder), hint=hint)
    elif folder.exists():
        raise SourceError("not a folder", where=str(folder), hint="name a folder")


def _write(graph: Graph, part: Path, data: str, tick: Callable[[int], None]) -> StoredGraph:
    count = _fill(part, _counted(graph.store, tick))
    whole = _fill(part / _WHOLE, chain(graph.store, in_default_graph(graph.store)))
    if (count, whole) != (len(graph.store), len(graph.store) + graph.dataset.triples):
        raise OSError(f"{count} statements were written of {len(graph.store)}")
    overlaps = sorted([number, *sorted(graphs)] for graphs, number in graph.dataset.overlaps.items())
    stored = StoredGraph(_FORMAT, graph.version, count, data, ox.__version__, overlaps, graph.prefixes)
    for path in part.rglob("*"):
        _sync(path)
    marker = {name: value for name, value in asdict(stored).items() if name != "path"}
    (part / _MARKER).write_text(json.dumps(marker, indent=1), "utf-8")
    _sync(part / _MARKER)
    _sync(part)
    return stored


def _fill(folder: Path, quads: Iterable[ox.Quad]) -> int:
    """Write quads to a new store; return how many it holds."""
    store = ox.Store(str(folder))
    store.bulk_extend(quads)
    store.flush()
    return len(store)


def _counted(quads: Iterable[ox.Quad], tick: Callable[[int], None]) -> Iterator[ox.Quad]:
    for count, quad in enumerate(quads, 1):
        if count % _TICK == 0:
            tick(count)
        yield quad


def _point(folder: Path, version: Path) -> None:
    """Let `current` lead to a version; the link is replaced in one step."""
    link = folder / f"{_PART}link"
    link.unlink(missing_ok=True)
    link.symlink_to(version.name)
    link.replace(folder / _CURRENT)
    _sync(folder)


def _sweep(folder: Path, version: Path) -> None:
    """Remove old versions but the newest, which a server may still read."""
    old = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and path != version]
    for path in sorted(old, key=lambda path: path.stat().st_mtime)[:-1]:
        shutil.rmtree(path, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
