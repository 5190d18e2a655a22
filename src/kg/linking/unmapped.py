"""Rows to append to a mapping file of ours: candidates for the things of its kinds that none of its rows judges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.errors import SourceError
from kg.files import read_text
from kg.graph.sssom import MappingSet, read_sssom
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import Entry
from kg.linking.index import Index
from kg.namespaces import ID, KB
from kg.rdf_terms import local_name, prefixed_name

_MORE: Final = 10  # Of one class there may be things of several vocabularies.


@dataclass(frozen=True)
class Suggestions:
    """What a person has to judge.

    Attributes:
        rows: lines of SSSOM TSV under the columns of the file, its short names in use.
        without: names of the things for which nothing was found.

    """

    rows: tuple[str, ...]
    without: tuple[str, ...]


def suggest_unmapped(path: Path, index: Index, lang: str, limit: int = 5) -> Suggestions:
    """Return rows for the things of a mapping file's kinds that it does not judge (SSSOM 1.0, section "SSSOM/TSV").

    Arguments:
        path: the mapping file; its rows say of which classes its things are, and what they are mapped to.
        index: our things, and where to look for candidates.
        lang: language of labels.
        limit: candidates a thing.

    Raises:
        SourceError: the file is missing, or broken, or has no rows.

    """
    mappings = _readable(path)
    judged = {row.subject.value for row in mappings.rows}
    kinds = frozenset(kind for kind in _types(index, judged) if kind.startswith(KB))
    others = {row.value.value for row in mappings.rows}
    spaces, types = set(map(_space, others)), frozenset(_types(index, others))
    rows: list[str] = []
    without: list[str] = []
    for iri in [iri for iri, _ in index.things(Wanted(kinds)) if iri.startswith(ID) and iri not in judged]:
        entry = index.get(iri)
        if entry and kinds:
            found = index.search(entry.name(lang), Wanted(types, lang), limit * _MORE) if types else []
            candidates = [each for each in found if _space(each.entry.iri) in spaces][:limit]
            rows += ["\t".join(_cells(entry, candidate, mappings, lang)) for candidate in candidates]
            without += [] if candidates else [_curie(iri, mappings)]
    return Suggestions(tuple(rows), tuple(without))


def _types(index: Index, iris: Iterable[str]) -> Iterator[str]:
    return (kind for iri in iris if (entry := index.get(iri)) for kind in entry.types)


def _readable(path: Path) -> MappingSet:
    mappings = read_sssom(read_text(path))
    hint = "mend it, then ask again; kg validate says all that is wrong"
    if mappings.problems:
        what, line, column, _ = mappings.problems[0]
        raise SourceError(what, where=str(path), line=line, column=column, hint=hint)
    if not mappings.rows:
        raise SourceError("no rows", where=str(path), hint="write the first by hand: it says what is mapped to what")
    return mappings


def _space(iri: str) -> str:
    return iri.removesuffix(local_name(iri))


def _curie(iri: str, mappings: MappingSet) -> str:
    return prefixed_name(iri, mappings.prefixes) or iri


def _cells(entry: Entry, candidate: Candidate, mappings: MappingSet, lang: str) -> Iterator[str]:
    features = " ".join(f"{name}={value}" for name, value in candidate.features.items())
    cells = {
        "subject_id": _curie(entry.iri, mappings),
        "subject_label": entry.name(lang),
        "predicate_id": "skos:exactMatch" if candidate.match else "skos:closeMatch",
        "object_id": _curie(candidate.entry.iri, mappings),
        "object_label": candidate.entry.name(lang),
        "mapping_justification": "semapv:LexicalMatching",
        "confidence": f"{candidate.score / 100:.2f}",
        "comment": f"To review. {features}",
    }
    return (" ".join(cells.get(column, "").split()) for column in mappings.rows[0].cells)
