"""The part of ESCO that the mappings link to: IRIs, labels and relations, as Turtle, byte-identical each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.terms import SKOS
from kg.vocab.esco import (
    ALT,
    IN_ISCO,
    IN_SCHEME,
    MODEL,
    NOTATION,
    PREF,
    SKILL_TYPE,
    TYPE,
    EscoFolder,
    Said,
)

_BASE: Final = "http://data.europa.eu/esco/"
_PREFIXES: Final = {
    "esco": MODEL,
    "esco-occupation": f"{_BASE}occupation/",
    "esco-scheme": f"{_BASE}concept-scheme/",
    "esco-skill": f"{_BASE}skill/",
    "isced-f": f"{_BASE}isced-f/",
    "isco": f"{_BASE}isco/",
    "skill-type": f"{_BASE}skill-type/",
    "skos": SKOS,
}
_NAMED: Final = (TYPE, PREF, ALT, NOTATION, IN_ISCO)
_ATTRIBUTION: Final = "This service uses the ESCO classification of the European Commission."
_WIDTH: Final = 120
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
        above: defaultdict[str, list[Said]] = defaultdict(list)
        for stem in ("broaderRelationsOccPillar", "broaderRelationsSkillPillar"):
            for said in self.download.broader(stem):
                above[said[0].value].append(said)
        concepts = {stem: list(self.download.concepts(stem)) for stem in ("occupations", "ISCOGroups", "skillGroups")}
        groups = {said[0].value: said[2] for said in concepts["occupations"] if said[1] == IN_ISCO}
        start = {iri for iri in self.linked if not iri.startswith(f"{_BASE}skill/")}
        start |= {groups[iri].value for iri in start if iri in groups and isinstance(groups[iri], ox.NamedNode)}
        kept = _closure(start, above)
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
            if said[0].value in wanted and said[1] in (TYPE, PREF, SKILL_TYPE)
        ]
        known = {said[0].value for said in skills}
        groups = [
            said
            for said in self.download.concepts("skillGroups")
            if said[0].value in wanted - known and said[0].value.startswith(f"{_BASE}skill/") and said[1] in _NAMED
        ]
        flags = [said for said in self.download.flags() if said[0].value in known and said[1] == IN_SCHEME]
        named = [*skills, *groups, *flags]
        return {
            "skills.ttl": self._turtle("Skills of linked occupations, and linked skills", named),
            "occupation-skills.ttl": self._turtle("Essential and optional skills of linked occupations", relations),
        }

    def _turtle(self, what: str, statements: Iterable[Said]) -> str:
        blocks: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for subject, predicate, value in statements:
            verb = "a" if predicate == TYPE else _short(predicate)
            blocks[_short(subject)][verb].add(_short(value))
        text = "".join(_block(subject, blocks[subject]) for subject in sorted(blocks))
        used = [f"@prefix {name}: <{space}> .\n" for name, space in _PREFIXES.items() if f"{name}:" in text]
        head = f"# {what}: ESCO {self.version}. {_ATTRIBUTION}\n# Made by kg extract esco; do not edit.\n\n"
        return head + "".join(used) + text


_FILES: Final = {"occupations": "occupations", "ISCOGroups": "isco", "skillGroups": "isced-f"}
_WHAT: Final = {
    "occupations": "Linked occupations, and what is broader",
    "ISCOGroups": "ISCO-08 groups of linked occupations, and what is broader",
    "skillGroups": "Linked fields of education (ISCED-F 2013), and what is broader",
}
_VERBS: Final = (
    "a",
    "skos:prefLabel",
    "skos:altLabel",
    "skos:notation",
    "skos:broader",
    "skos:inScheme",
    "esco:memberOfISCOGroup",
    "esco:skillType",
    "esco:relatedEssentialSkill",
    "esco:relatedOptionalSkill",
)


def _closure(start: Iterable[str], above: Mapping[str, list[Said]]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        iri = todo.pop()
        if iri not in found:
            found.add(iri)
            todo += [said[2].value for said in above.get(iri, ()) if isinstance(said[2], ox.NamedNode)]
    return found


def _short(term: ox.NamedNode | ox.Literal) -> str:
    """Return a term as Turtle writes it, with a prefix where the rest is a plain local name."""
    if isinstance(term, ox.NamedNode):
        for name, space in _PREFIXES.items():
            rest = term.value.removeprefix(space)
            if term.value.startswith(space) and rest.replace("-", "").replace("_", "").isalnum() and rest.isascii():
                return f"{name}:{rest}"
    return str(term)


def _block(subject: str, said: Mapping[str, set[str]]) -> str:
    lines = [_line(verb, list(_ordered(said[verb]))) for verb in sorted(said, key=_VERBS.index)]
    return f"\n{subject}\n" + " ;\n".join(lines) + " .\n"


def _line(verb: str, values: list[str]) -> str:
    line = f"    {verb} {' , '.join(values)}"
    return line if len(line) <= _WIDTH else f"    {verb} " + " ,\n        ".join(values)


def _ordered(values: set[str]) -> Iterator[str]:
    yield from sorted(values, key=lambda value: (value.rpartition("@")[2] if value[0] == '"' else "", value))
