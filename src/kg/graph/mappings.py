"""Mapping files in the graph: each row a triple and a node that says how it was judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import read_text
from kg.graph.sssom import SUFFIX, MappingRow, MappingSet, read_sssom
from kg.namespaces import CATALOGUE, DCT, GRAPH, ID, KB, RDF_TYPE, RDFS_LABEL, SSSOM, XSD

NO_TERM_FOUND: Final = ox.NamedNode(SSSOM + "NoTermFound")
_DOUBLE: Final = ox.NamedNode(XSD + "double")
_HEX: Final = 12
# Slots of the header that the catalogue repeats, as text or as IRI.
_TEXTS: Final = {
    "mapping_set_version": SSSOM + "mapping_set_version",
    "subject_source_version": SSSOM + "subject_source_version",
    "object_source_version": SSSOM + "object_source_version",
}
_ENGLISH: Final = {
    "mapping_set_title": DCT + "title",
    "mapping_set_description": DCT + "description",
    "other": DCT + "rights",
}
_IRIS: Final = {
    "license": DCT + "license",
    "subject_source": SSSOM + "subject_source",
    "object_source": SSSOM + "object_source",
}


@dataclass(frozen=True)
class MappingFile:
    """One mapping file of a project: where it stands, the graph that it fills, and what it holds."""

    path: Path
    mappings: MappingSet

    @property
    def name(self) -> str:
        """The file's name without `.sssom.tsv`, and the last part of its graph's IRI."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def graph(self) -> ox.NamedNode:
        """The named graph of its mappings: `graph/mappings/<name>`."""
        return ox.NamedNode(f"{GRAPH}mappings/{self.name}")

    def quads(self) -> Iterator[ox.Quad]:
        """Yield the mappings, in their graph, and what the catalogue says of the set."""
        return (quad for quad, _ in self.located())

    def located(self) -> Iterator[tuple[ox.Quad, int]]:
        """Yield the same, each with its line in the file."""
        graph, catalogue = self.graph, ox.NamedNode(CATALOGUE)
        for row in self.mappings.rows:
            for subject, predicate, value in self._statements(row):
                yield ox.Quad(subject, predicate, value, graph), row.line
        for name, said in self._described():
            yield ox.Quad(graph, ox.NamedNode(name), said, catalogue), 1

    def node(self, row: MappingRow) -> ox.NamedNode:
        """Return the IRI of a row, by what it says: a row keeps it when others come before it."""
        key = " ".join(term.value for term in (row.subject, row.predicate, row.value))
        return ox.NamedNode(f"{ID}mapping/{self.name}/{hashlib.sha256(key.encode()).hexdigest()[:_HEX]}")

    def _statements(self, row: MappingRow) -> Iterator[tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]]:
        if row.value != NO_TERM_FOUND:
            yield row.subject, row.predicate, row.value
            if row.cells.get("object_label"):
                yield row.value, _LABEL, ox.Literal(row.cells["object_label"])
        node = self.node(row)
        yield node, _TYPE, _MAPPING
        yield node, _LABEL, ox.Literal(_title(row))
        terms = (row.subject, row.predicate, row.value, row.justification)
        yield from ((node, slot, term) for slot, term in zip(_TERM_SLOTS, terms, strict=True))
        yield from (
            (node, slot, ox.Literal(row.cells[name])) for name, slot in _TEXT_SLOTS.items() if row.cells.get(name)
        )
        if row.cells.get("confidence"):
            yield node, _CONFIDENCE, ox.Literal(row.cells["confidence"], datatype=_DOUBLE)

    def _described(self) -> Iterator[tuple[str, ox.NamedNode | ox.Literal]]:
        header = self.mappings.header
        yield RDF_TYPE, ox.NamedNode(SSSOM + "MappingSet")
        yield KB + "graphKind", ox.NamedNode(ID + "graph-kind/mapping")
        for slot, name in _IRIS.items():
            if iri := self.mappings.iri(slot):
                yield name, iri
        yield from ((name, ox.Literal(str(header[slot]))) for slot, name in _TEXTS.items() if header.get(slot))
        for slot, name in _ENGLISH.items():
            if header.get(slot):
                yield name, ox.Literal(" ".join(str(header[slot]).split()), language="en")
        if header.get("mapping_date"):
            yield DCT + "date", ox.Literal(str(header["mapping_date"]), datatype=ox.NamedNode(XSD + "date"))


_LABEL, _TYPE = ox.NamedNode(RDFS_LABEL), ox.NamedNode(RDF_TYPE)
_MAPPING, _CONFIDENCE = ox.NamedNode(SSSOM + "Mapping"), ox.NamedNode(SSSOM + "confidence")
_TERM_SLOTS: Final = [
    ox.NamedNode(SSSOM + name) for name in ("subject_id", "predicate_id", "object_id", "mapping_justification")
]
_TEXT_SLOTS: Final = {
    name: ox.NamedNode(SSSOM + name) for name in ("subject_label", "object_label", "comment", "author_label")
}


def _title(row: MappingRow) -> str:
    kind = row.predicate.value.rpartition("#")[2]
    if row.value == NO_TERM_FOUND:
        return f"{row.cells.get('subject_label', '')}: no counterpart"
    return f"{row.cells.get('subject_label', '')} {kind} {row.cells.get('object_label', '')}"


def find_mappings(project: Path) -> list[MappingFile]:
    """Return the mapping files below `data/mappings` of a project, sorted by name; none is no error.

    Raises:
        SourceError: with file, line and column of the first thing that is not SSSOM.

    """
    return [MappingFile(path, _read(path)) for path in sorted((project / "data" / "mappings").glob("*" + SUFFIX))]


def _read(path: Path) -> MappingSet:
    mappings = read_sssom(read_text(path))
    if mappings.problems:
        what, line, column, _ = mappings.problems[0]
        hint = f"mend it; kg validate {path.name} lists all {len(mappings.problems)} problems"
        raise SourceError(what, where=str(path), line=line, column=column, hint=hint)
    return mappings
