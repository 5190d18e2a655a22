"""SSSOM TSV: a commented YAML header, a row of column names, one mapping a row (SSSOM 1.0, section "SSSOM/TSV")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import parse_yaml

SUFFIX: Final = ".sssom.tsv"
# Slots of the class Mapping of SSSOM 1.0, and those of MappingSet that may stand in the header.
_TERMS: Final = ("subject_id", "predicate_id", "object_id")
REQUIRED: Final = (*_TERMS, "mapping_justification")
COLUMNS: Final = frozenset(
    """subject_id subject_label subject_category predicate_id predicate_label predicate_modifier object_id object_label
    object_category mapping_justification author_id author_label reviewer_id reviewer_label creator_id creator_label
    license subject_type subject_source subject_source_version object_type object_source object_source_version
    predicate_type mapping_provider mapping_source mapping_cardinality cardinality_scope mapping_tool mapping_tool_id
    mapping_tool_version mapping_date publication_date review_date confidence reviewer_agreement curation_rule
    curation_rule_text subject_match_field object_match_field match_string subject_preprocessing object_preprocessing
    similarity_score similarity_measure see_also issue_tracker_item other comment record_id""".split()  # noqa: SIM905
)
HEADER: Final = frozenset(
    """sssom_version curie_map mapping_set_id mapping_set_version mapping_set_source mapping_set_title
    mapping_set_description mapping_set_confidence creator_id creator_label license subject_type subject_source
    subject_source_version object_type object_source object_source_version predicate_type mapping_provider
    cardinality_scope mapping_tool mapping_tool_id mapping_tool_version mapping_date publication_date
    subject_match_field object_match_field subject_preprocessing object_preprocessing similarity_measure
    curation_rule curation_rule_text see_also issue_tracker other comment extension_definitions""".split()  # noqa: SIM905
)
# Prefixes that a file may use without declaring them.
_BUILT_IN: Final = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "linkml": "https://w3id.org/linkml/",
}
# The header of a set of suggestions that a person still has to review; {name} says where its rows come from.
MAPPING_HEADER: Final = """\
#curie_map:
#  row: "urn:kg-link:{name}:"
#  semapv: "https://w3id.org/semapv/vocab/"
#  skos: "http://www.w3.org/2004/02/skos/core#"
#mapping_set_id: "urn:kg-link:{name}"
#mapping_set_description: "Suggestions of kg link, by labels alone. Review each row before use."
#license: "https://creativecommons.org/licenses/by/4.0/"
"""
_CURIE: Final = re.compile(r"([A-Za-z_][\w.\-]*):(?!//)(\S*)")

Problem = tuple[str, int, int, int]


@dataclass(frozen=True)
class _Row:
    number: int
    cells: Mapping[str, tuple[str, int]]


def _header(lines: list[str], problems: list[Problem]) -> dict[str, Any]:
    if not lines:
        problems.append(("the header of # lines is missing: it needs mapping_set_id, license and curie_map", 1, 1, 1))
        return {}
    try:
        header = parse_yaml("\n".join(line[1:] for line in lines), "header")
    except SourceError as error:
        problems.append(("the header is not YAML", error.line or 1, (error.column or 0) + 1, 1))
        return {}
    if not isinstance(header, dict) or not isinstance(header.get("curie_map", {}), dict):
        problems.append(("the header is no YAML mapping with a curie_map", 1, 1, 1))
        return {}
    for name in ("mapping_set_id", "license"):
        if name not in header:
            problems.append((f"the header lacks {name}", 1, 1, len(lines[0])))
    for name in header.keys() - HEADER - set(header.get("extension_definitions") or ()):
        number = next(number for number, line in enumerate(lines, 1) if line[1:].strip().startswith(str(name)))
        problems.append((f"{name} is no slot of SSSOM 1.0 for a mapping set", number, 2, len(str(name))))
    return header


def _rows(lines: list[str], begin: int, problems: list[Problem]) -> Iterator[_Row]:
    names = lines[begin].split("\t") if begin < len(lines) else []
    column = 1
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            what = "stands twice" if name in COLUMNS else "is no slot of SSSOM 1.0 for a mapping"
            problems.append((f"column {name or '(empty)'} {what}", begin + 1, column, max(1, len(name))))
        column += len(name) + 1
    for name in REQUIRED:
        if name not in names:
            problems.append((f"column {name} is missing", begin + 1, 1, max(1, len("\t".join(names)))))
    if not set(REQUIRED) <= set(names):
        return
    first: dict[str, int] = {}
    for number, line in enumerate(lines[begin + 1 :], begin + 2):
        if first.setdefault(line, number) != number and line.strip():
            problems.append((f"the same row stands in line {first[line]}: delete one", number, 1, len(line)))
        elif line.strip():
            yield from _row(number, line, names, problems)


def _row(number: int, line: str, names: list[str], problems: list[Problem]) -> Iterator[_Row]:
    cells = line.split("\t")
    if len(cells) != len(names):
        problems.append((f"{len(cells)} cells under {len(names)} columns", number, 1, len(line)))
        return
    columns = accumulate((len(cell) + 1 for cell in cells[:-1]), initial=1)
    yield _Row(number, dict(zip(names, zip(cells, columns, strict=True), strict=True)))


def _term(row: _Row, name: str, prefixes: Mapping[str, str], problems: list[Problem]) -> ox.NamedNode:
    curie, column = row.cells[name]
    match = _CURIE.fullmatch(curie)
    iri = prefixes[match[1]] + match[2] if match and match[1] in prefixes else curie
    try:
        if match is None or match[1] in prefixes:
            return ox.NamedNode(iri)
        what = f"prefix {match[1]} of {curie} is not in the curie_map"
    except ValueError:
        what = f"{name} is empty" if not curie else f"{curie} is neither a CURIE nor an IRI"
    problems.append((what, row.number, column, max(1, len(curie))))
    return ox.NamedNode("urn:none")


@dataclass(frozen=True)
class MappingRow:
    """One row of a mapping file.

    Attributes:
        line: its line in the file.
        subject, predicate, value, justification: the required slots as IRIs.
        cells: the text of all slots by name.

    """

    line: int
    subject: ox.NamedNode
    predicate: ox.NamedNode
    value: ox.NamedNode
    justification: ox.NamedNode
    cells: Mapping[str, str]


@dataclass(frozen=True)
class MappingSet:
    """A mapping file read whole (SSSOM 1.0, classes MappingSet and Mapping).

    Attributes:
        header: the slots of the set.
        prefixes: prefix to namespace: the curie_map, and those that need no declaration.
        rows: the rows that are sound.
        problems: what is wrong with header, columns and rows: sentences with line, column and width.

    """

    header: Mapping[str, Any]
    prefixes: Mapping[str, str]
    rows: tuple[MappingRow, ...]
    problems: tuple[Problem, ...] = ()

    def iri(self, name: str) -> ox.NamedNode | None:
        """Return a slot of the header as an IRI, a CURIE expanded; None where it is no IRI."""
        value = str(self.header.get(name, ""))
        match = _CURIE.fullmatch(value)
        try:
            return ox.NamedNode(self.prefixes[match[1]] + match[2] if match and match[1] in self.prefixes else value)
        except ValueError:
            return None


def read_sssom(text: str) -> MappingSet:
    """Return the mapping set of a file, with all problems of header, columns and rows."""
    problems: list[Problem] = []
    lines = [line.rstrip("\r") for line in text.split("\n")]
    begin = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _header(lines[:begin], problems)
    prefixes = _BUILT_IN | {str(prefix): str(space) for prefix, space in header.get("curie_map", {}).items()}
    rows: list[MappingRow] = []
    for row in _rows(lines, begin, problems):
        before = len(problems)
        mapping = _mapping(row, prefixes, problems)
        if len(problems) == before:
            rows.append(mapping)
    return MappingSet(header, prefixes, tuple(rows), tuple(problems))


def _mapping(row: _Row, prefixes: Mapping[str, str], problems: list[Problem]) -> MappingRow:
    subject, predicate, value, justification = (_term(row, name, prefixes, problems) for name in REQUIRED)
    cells = {name: cell for name, (cell, _) in row.cells.items()}
    return MappingRow(row.number, subject, predicate, value, justification, cells)
