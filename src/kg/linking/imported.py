"""Where an imported vocabulary goes: an N-Quads file or an Oxigraph store, in a graph of its own, whole or not."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import replacing
from kg.linking.esco import Statement
from kg.namespaces import GRAPH

_FILE: Final = ".nq"


@dataclass(frozen=True)
class Imported:
    """What was written: where, into which graph, and how many triples."""

    path: Path
    graph: str
    triples: int


def graph_of(name: str, version: str) -> str:
    """Return the graph of a vocabulary imported whole; it is no part of the default union."""
    return f"{GRAPH}imported/{name}-{version}"


def write(statements: Iterable[Statement], graph: str, into: Path) -> Imported:
    """Write statements to a file that ends with `.nq`, or else to an Oxigraph store in a folder.

    A file is replaced; of a store only the named graph is. Everything is written beside the target and then put in its
    place, so that an error, or an end by force, leaves what was there.

    Arguments:
        statements: what to write; read once, while writing.
        graph: IRI of the named graph.
        into: the target.

    Raises:
        SourceError: of what is read, or the target cannot be written.

    """
    graph_name = ox.NamedNode(graph)
    with replacing(into, parents=True) as fresh:
        if into.suffix == _FILE:
            count = _write_file(statements, graph_name, fresh)
        else:
            file = fresh.with_name(f"all{_FILE}")
            count = _write_file(statements, graph_name, file)
            _write_store(file, graph_name, into, fresh)
    return Imported(into, graph, count)


def _write_file(statements: Iterable[Statement], graph: ox.NamedNode, file: Path) -> int:
    count = 0

    def quads() -> Iterator[ox.Quad]:
        nonlocal count
        for subject, predicate, value in statements:
            count += 1
            yield ox.Quad(subject, predicate, value, graph)

    with file.open("wb") as output:
        ox.serialize(quads(), output, format=ox.RdfFormat.N_QUADS)
    return count


def _write_store(file: Path, graph: ox.NamedNode, into: Path, fresh: Path) -> None:
    """Write a store: that which is there, with the graph replaced, or a new one."""
    if into.exists():
        if not (into / "CURRENT").is_file():
            raise SourceError("it is no Oxigraph store", where=str(into), hint="give a new folder, or a name.nq")
        shutil.copytree(into, fresh)
    store = ox.Store(str(fresh))
    store.remove_graph(graph)
    store.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
    store.flush()


def load(store: ox.Store, path: Path) -> list[str]:
    """Load what `write` has written into a store, and return the IRIs of its graphs.

    Arguments:
        store: a store in memory; graphs of the same name are added to.
        path: an N-Quads file, or the folder of an Oxigraph store.

    Raises:
        SourceError: it is neither, or broken.

    """
    before = {name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode)}
    try:
        if path.is_dir():
            store.bulk_extend(ox.Store.read_only(str(path)))
        else:
            store.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise SourceError(str(error), where=str(path), hint="import it again") from error
    except OSError as error:
        raise SourceError(
            error.strerror or str(error), where=str(path), hint="give what kg import has written"
        ) from error
    after = {name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode)}
    return sorted(after - before)
