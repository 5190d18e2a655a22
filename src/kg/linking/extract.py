"""Of ESCO: IRIs, labels and relations, around what the mappings link to or all, as Turtle, the same bytes each time."""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.linking.esco import (
    ALT,
    BROADER,
    BROADER_FILES,
    COLLECTIONS,
    CONCEPTS,
    DEPRECATED,
    IN_ISCO,
    IN_SCHEME,
    NOTATION,
    PREF,
    SCHEME,
    SKILL_TYPE,
    TYPE,
    EscoFolder,
    Statement,
    closure,
)
from kg.linking.turtle import as_turtle

_BASE: Final = "http://data.europa.eu/esco/"
_NAMED: Final = (TYPE, PREF, ALT, NOTATION, IN_ISCO, IN_SCHEME, DEPRECATED)
# Of the schemes in which a concept stands: those that are classifications; others are selections from them.
_SCHEMES: Final = frozenset(
    SCHEME + name for name in ("occupations", "skills", "isco", "isced-f", *COLLECTIONS.values())
)
_ATTRIBUTION: Final = "This service uses the ESCO classification of the European Commission."
_WHOLE: Final = (*_NAMED, BROADER, SKILL_TYPE)
PARTS: Final = ("concepts", "skills")
WHOLE: Final = "whole"


@dataclass(frozen=True)
class Neighbourhood:
    """What to take from an ESCO download.

    Attributes:
        download: the download.
        version: its version.
        linked: IRIs in ESCO that the mappings name.

    """

    download: EscoFolder
    version: str
    linked: frozenset[str]

    def files(self, parts: Iterable[str]) -> Mapping[str, str]:
        """Return the Turtle files by name.

        Arguments:
            parts: `concepts` (linked occupations, ISCO groups and fields of education with labels and what is broader)
                and `skills` (skills of linked occupations, linked skills, their labels and flags).

        Raises:
            SourceError: a file of the download is missing or broken; nothing of the download is linked.

        """
        makers = {"concepts": self._concepts, "skills": self._skills}
        made = {name: text for part in parts for name, text in makers[part]().items()}
        if not made:
            raise SourceError("nothing of it is linked", where=str(self.download.folder), hint="add mappings first")
        return made

    def _concepts(self) -> dict[str, str]:
        above: defaultdict[str, list[Statement]] = defaultdict(list)
        for stem in ("broaderRelationsOccPillar", "broaderRelationsSkillPillar"):
            for triple in self.download.broader(stem):
                above[triple[0].value].append(triple)
        concepts = {stem: list(self.download.concepts(stem)) for stem in ("occupations", "ISCOGroups", "skillGroups")}
        groups = {triple[0].value: triple[2] for triple in concepts["occupations"] if triple[1] == IN_ISCO}
        start = {iri for iri in self.linked if not iri.startswith(f"{_BASE}skill/")}
        start |= {groups[iri].value for iri in start if iri in groups and isinstance(groups[iri], ox.NamedNode)}
        kept = closure(start, above)
        wanted = {iri for iri in kept if not iri.startswith(f"{_BASE}skill/")}
        files: dict[str, str] = {}
        for stem, statements in concepts.items():
            here = [triple for triple in statements if triple[0].value in wanted and triple[1] in _NAMED]
            subjects = {triple[0].value for triple in here}
            here += [triple for iri in subjects for triple in above[iri] if triple[2].value in wanted]
            if here:
                files[f"{_FILES[stem]}.ttl"] = self._turtle(_WHAT[stem], here)
        return files

    def _skills(self) -> dict[str, str]:
        relations = [triple for triple in self.download.skills_of_occupations() if triple[0].value in self.linked]
        wanted = self.linked | {triple[2].value for triple in relations if isinstance(triple[2], ox.NamedNode)}
        skills = [
            triple
            for triple in self.download.concepts("skills")
            if triple[0].value in wanted and triple[1] in (TYPE, PREF, SKILL_TYPE, IN_SCHEME, DEPRECATED)
        ]
        known = {triple[0].value for triple in skills}
        groups = [
            triple
            for triple in self.download.concepts("skillGroups")
            if triple[0].value in wanted - known and triple[1] in _NAMED
        ]
        flags = [triple for triple in self.download.flags() if triple[0].value in known and triple[1] == IN_SCHEME]
        named = [*skills, *groups, *flags]
        return {
            "skills.ttl": self._turtle("Skills of linked occupations, and linked skills", named),
            "occupation-skills.ttl": self._turtle("Essential and optional skills of linked occupations", relations),
        }

    def _turtle(self, what: str, statements: Iterable[Statement]) -> str:
        kept = (triple for triple in statements if triple[1] != IN_SCHEME or triple[2].value in _SCHEMES)
        return as_turtle(f"{what}: ESCO {self.version}. {_ATTRIBUTION}", kept)


_FILES: Final = {"occupations": "occupations", "ISCOGroups": "isco", "skillGroups": "isced-f"}
_WHAT: Final = {
    "occupations": "Linked occupations, and what is broader",
    "ISCOGroups": "ISCO-08 groups of linked occupations, and what is broader",
    "skillGroups": "Linked fields of education (ISCED-F 2013), and what is broader",
}


def whole(download: EscoFolder, version: str) -> bytes:
    """Return all concepts of a download, with labels, hierarchy, flags and skills of occupations, as Turtle in xz.

    Descriptions are left out, and so are skills of skills. A download that lacks a file gives what it has.

    Raises:
        SourceError: a file of the download is broken.

    """
    statements = set(_all(download))
    text = as_turtle(f"All of ESCO {version}: {len(statements):,} triples. {_ATTRIBUTION}", statements)
    return lzma.compress(text.encode(), preset=9)


def _all(download: EscoFolder) -> Iterator[Statement]:
    for stem in CONCEPTS:
        if (download.folder / f"{stem}_{download.languages[0]}.csv").is_file():
            yield from (triple for triple in download.concepts(stem) if triple[1] in _WHOLE)
    for stem in BROADER_FILES:
        yield from download.broader(stem)
    if download.path("occupationSkillRelations").is_file():
        yield from download.flags()
        yield from download.skills_of_occupations()
