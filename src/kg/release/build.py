"""The release: dumps, tables, descriptions and checksums, made from a built graph; byte-identical for equal input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError, install_hint
from kg.files import read_text, replacing
from kg.graph.build import Graph
from kg.namespaces import BASE, CATALOGUE, ID, KB, ONTOLOGY
from kg.queries.question import find_questions
from kg.release.changes import CHANGES, read_changes
from kg.release.csv_tables import Table, Tables
from kg.release.dcat import dcat
from kg.release.dumps import dumps, imported, shapes
from kg.release.example_queries import examples
from kg.release.feed import feed
from kg.release.files import CHANGELOG, CITATION, CRATE, LICENCE, SUMS, Edition, File, Owner, Release
from kg.release.mapping_sets import mapping_sets
from kg.release.metadata import makers
from kg.release.ro_crate import crate
from kg.release.table_metadata import table_metadata
from kg.release.void import void
from kg.tables import parquet
from kg.tables.column_titles import read_titles

IRIS: Final = "iris.txt"
_MADE: Final = tuple(ox.NamedNode(f"{ID}graph-kind/{kind}") for kind in ("entailed", "evidence", "inferred"))
_PAPERS: Final = {
    LICENCE: {"en": "Terms, graph by graph", "nl": "Voorwaarden, per graaf"},
    CITATION: {"en": "How to cite", "nl": "Hoe te citeren"},
    CHANGELOG: {"en": "What changed in data and code", "nl": "Wat er in data en code veranderde"},
    CHANGES: {
        "en": "What changed for users, in two languages",
        "nl": "Wat er voor gebruikers veranderde, in twee talen",
    },
}


def _ignore(_: File) -> None:
    """Do nothing with a file: no progress is shown."""


def build_release(
    graph: Graph, project: Path, owner: Owner | None = None, made: Callable[[File], None] = _ignore
) -> Release:
    """Return the files of the release of a project.

    Arguments:
        graph: the graph built from the project.
        project: folder with shapes and queries, and beside them `CITATION.cff`, `CHANGELOG.md` and `LICENSE`.
        owner: publisher and contact point; by default none.
        made: called with each file that is ready.

    Raises:
        SourceError: a shape, question or paper is broken.

    """
    owner, edition = owner or Owner(), Edition.from_project(project)
    files: list[File] = []
    for file in _files(graph, project, owner, edition):
        made(file)
        files.append(file)
    files.sort(key=lambda file: file.name)
    files.append(crate(graph, files, owner, edition))
    files.append(_sums(files))
    no_parquet = [] if parquet.is_written() else [f"no Parquet beside the CSV: {install_hint('parquet')}"]
    warnings = (*edition.warnings, *owner.warnings, *no_parquet)
    return Release({file.name: file for file in sorted(files, key=lambda file: file.name)}, warnings)


def _files(graph: Graph, project: Path, owner: Owner, edition: Edition) -> Iterator[File]:
    distributed = []
    for file in (*dumps(graph, makers((ONTOLOGY,), owner, Edition())), *imported(graph, project)):
        yield file
        distributed.append(file)
    described, sums = [], {}
    for table in Tables(graph, read_titles(project / "queries")):
        for file in _forms(table):
            yield file
            distributed.append(file)
        described.append(table.description)
        sums[table.file.name] = table.file.sha256
    yield from table_metadata(graph, described, sums, owner, edition)
    yield from mapping_sets(graph, project)
    yield from shapes(graph, project)
    yield examples(find_questions(project / "queries"), graph.prefixes)
    yield from papers(project)
    yield _list(graph)
    yield void(graph, edition)
    yield from dcat(graph, distributed, owner, edition)


def _forms(table: Table) -> Iterator[File]:
    yield table.file
    if parquet.is_written():
        name = f"parquet/{Path(table.file.name).stem}.parquet"
        yield File(name, parquet.render(table.description, table.rows), table.file.title)


def papers(project: Path) -> Iterator[File]:
    """Yield the files that need no graph: terms, citation, changes and their feed."""
    for name, title in _PAPERS.items():
        if (project / name).is_file():
            yield File(Path(name).name, read_text(project / name).encode(), title, free=True)
    yield feed(read_changes(project), Edition.from_project(project))


def _list(graph: Graph) -> File:
    text = "".join(f"{iri}\n" for iri in published_iris(graph))
    return File(
        IRIS,
        text.encode(),
        {"en": "Every IRI that this release describes", "nl": "Elke IRI die deze uitgave beschrijft"},
        free=True,
    )


def published_iris(graph: Graph) -> list[str]:
    """Return, sorted, the IRIs of ours that people describe: what others may link to, and what must not disappear.

    What the build makes anew each time (inferred and entailed statements, derived evidence) is left out.
    """
    kind = ox.NamedNode(KB + "graphKind")
    made = {
        quad.subject
        for value in _MADE
        for quad in graph.store.quads_for_pattern(None, kind, value, ox.NamedNode(CATALOGUE))
    }
    subjects = {quad.subject for quad in graph.store if quad.graph_name not in made}
    return sorted(node.value for node in subjects if isinstance(node, ox.NamedNode) and node.value.startswith(BASE))


def _sums(files: list[File]) -> File:
    lines = sorted((file.name, file.sha256) for file in files)
    text = "".join(f"{digest}  {name}\n" for name, digest in lines)
    return File(
        SUMS, text.encode(), {"en": "SHA-256 of every other file", "nl": "SHA-256 van elk ander bestand"}, free=True
    )


def write_release(made: Release, folder: Path, *, force: bool = False) -> None:
    """Write a release to a folder: whole, or not at all.

    Arguments:
        made: the release.
        folder: where; it must not exist.
        force: replace an earlier release that stands there; nothing but a release is ever replaced.

    Raises:
        SourceError: the folder is in the way, or cannot be written.

    """
    check_target(folder, force=force)
    with replacing(folder, parents=True) as fresh:
        for name, file in made.files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)


def check_target(folder: Path, *, force: bool) -> None:
    """Refuse a folder in which a release may not be written.

    Arguments:
        folder: it must not exist.
        force: an earlier release may stand there.

    Raises:
        SourceError: something is in the way.

    """
    if not os.path.lexists(folder):
        return
    if not force:
        hint = "name another folder, or give --force to replace a release"
        raise SourceError("it exists", where=str(folder), hint=hint)
    earlier = folder.is_dir() and not folder.is_symlink() and all((folder / name).is_file() for name in (CRATE, SUMS))
    if not earlier:
        hint = "--force only replaces a folder that kg export made"
        raise SourceError("it is no release", where=str(folder), hint=hint)
