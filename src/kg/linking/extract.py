"""The part of ESCO that the mappings link to: IRIs, labels and relations, as Turtle, byte-identical each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.linking.esco import (
    ALT,
    COLLECTIONS,
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
PARTS: Final = ("concepts", "skills")


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
            for said in self.download.broader(stem):
                above[said[0].value].append(said)
        concepts = {stem: list(self.download.concepts(stem)) for stem in ("occupations", "ISCOGroups", "skillGroups")}
        groups = {said[0].value: said[2] for said in concepts["occupations"] if said[1] == IN_ISCO}
        start = {iri for iri in self.linked if not iri.startswith(f"{_BASE}skill/")}
        start |= {groups[iri].value for iri in start if iri in groups and isinstance(groups[iri], ox.NamedNode)}
        kept = closure(start, above)
        wanted = {iri for iri in kept if not iri.startswith(f"{_BASE}skill/")}
        found: dict[str, str] = {}
        for stem, statements in concepts.items():
            here = [said for said in statements if said[0].value in wanted and said[1] in _NAMED]
            subjects = {said[0].value for said in here}
            here += [said for iri in subjects for said in above[iri] if said[2].value in wanted]
            if here:
                found[f"{_FILES[stem]}.ttl"] = self._turtle(_WHAT[stem], here)
        return found

    def _skills(self) -> dict[str, str]:
        relations = [said for said in self.download.skills_of_occupations() if said[0].value in self.linked]
        wanted = self.linked | {said[2].value for said in relations if isinstance(said[2], ox.NamedNode)}
        skills = [
            said
            for said in self.download.concepts("skills")
            if said[0].value in wanted and said[1] in (TYPE, PREF, SKILL_TYPE, IN_SCHEME, DEPRECATED)
        ]
        known = {said[0].value for said in skills}
        groups = [
            said
            for said in self.download.concepts("skillGroups")
            if said[0].value in wanted - known and said[1] in _NAMED
        ]
        flags = [said for said in self.download.flags() if said[0].value in known and said[1] == IN_SCHEME]
        named = [*skills, *groups, *flags]
        return {
            "skills.ttl": self._turtle("Skills of linked occupations, and linked skills", named),
            "occupation-skills.ttl": self._turtle("Essential and optional skills of linked occupations", relations),
        }

    def _turtle(self, what: str, statements: Iterable[Statement]) -> str:
        kept = (said for said in statements if said[1] != IN_SCHEME or said[2].value in _SCHEMES)
        return as_turtle(f"{what}: ESCO {self.version}. {_ATTRIBUTION}", kept)


_FILES: Final = {"occupations": "occupations", "ISCOGroups": "isco", "skillGroups": "isced-f"}
_WHAT: Final = {
    "occupations": "Linked occupations, and what is broader",
    "ISCOGroups": "ISCO-08 groups of linked occupations, and what is broader",
    "skillGroups": "Linked fields of education (ISCED-F 2013), and what is broader",
}
