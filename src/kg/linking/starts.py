"""Where someone comes from: the job that a text names, never one merely spelt alike, or jobs near in meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.errors import NotFound
from kg.linking.candidates import Candidate, Wanted
from kg.linking.esco import ISCO, MODEL
from kg.linking.index import Index
from kg.linking.job_names import NARROWER
from kg.namespaces import BASE, ID

if TYPE_CHECKING:
    from kg.linking.career_switch import Switches

_OCCUPATIONS: Final = frozenset({"occupation"})
_SKILL: Final = Wanted(frozenset({MODEL + "Skill"}))
_OF_ESCO: Final = frozenset({MODEL + "Occupation"})
_ESCO: Final = "http://data.europa.eu/esco/occupation/"
_MOST: Final = 50
_SEVERAL: Final = 20
_FEW: Final = 6
_LEAST: Final = 22.0


@dataclass(frozen=True)
class Start:
    """A job that someone may come from.

    Attributes:
        iri: of ESCO or ours.
        esco: IRI of the ESCO occupation whose skills count; empty where ESCO 1.1.1 gives none.
        label: the name by which it was found, where one was.
        how: in which way a text names it (`kg.linking.job_names`), where one does.

    """

    iri: str
    esco: str
    label: str = ""
    how: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is a climate occupation by its own IRI."""
        return self.iri.startswith(BASE)

    @property
    def unmatched(self) -> bool:
        """Whether it is a climate occupation to which no occupation of ESCO belongs: there is nothing to compare."""
        return self.ours and not self.esco


class Starts:
    """The jobs that someone may come from.

    Arguments:
        switches: the occupations whose skills are known.
        index: names of the occupations, skills and ISCO groups of ESCO, and of our occupations.

    """

    def __init__(self, switches: Switches, index: Index) -> None:
        self._switches, self._index = switches, index

    def get(self, asked: str) -> Start:
        """Return the job with an IRI; `occupation/lasser` will do for one of ours.

        Raises:
            NotFound: there is none.

        """
        iri = asked if asked.startswith(("http://", "https://")) else ID + asked
        esco, entry = self._esco(iri), self._index.get(iri)
        if not esco and (entry is None or not Wanted(_OCCUPATIONS).fits(entry)):
            raise NotFound(f"no skills are known of {asked[:200]}", where="from", hint="type a job on /switch")
        return Start(iri, esco)

    def named(self, text: str, lang: str) -> list[Start]:
        """Return the jobs that a text names; beside one of ours to which none of ESCO belongs, also those of ESCO."""
        named = self._index.named(text, Wanted(_OCCUPATIONS, lang), _SEVERAL)
        if any(start.unmatched for start in self._starts(named)):
            named += self._index.named(text, Wanted(_OF_ESCO, lang), _SEVERAL)
        return list(self._starts(named))

    @staticmethod
    def plain(named: Sequence[Start]) -> Start | None:
        """Return the one that is plainly meant of the jobs that a text names; a kind of what is typed never is."""
        meant = [start for start in named if start.how != NARROWER]
        several = [start for start in meant if start.unmatched] or meant
        return several[0] if len(several) == 1 else None

    def near(self, text: str) -> tuple[list[Start], list[str]]:
        """Return jobs of ESCO, and IRIs of ISCO groups, that share a word with a text which names none.

        Never a job that is a climate occupation: to share a word is no reason to advise it.
        """
        near = [item for item in self._index.near(text, Wanted(_OCCUPATIONS), _MOST) if item.score >= _LEAST]
        starts = self._starts(item for item in near if item.entry.iri.startswith(_ESCO))
        groups = {item.label.text: item.entry.iri for item in near if item.entry.iri.startswith(ISCO)}
        return [start for start in starts if not self._switches.ours_of(start.esco)][:_FEW], [*groups.values()][:_FEW]

    def begins(self, text: str, lang: str, limit: int) -> list[Start]:
        """Return the jobs that a text names, then those with a name in which a word begins as it does."""
        begun = self._index.begins(text, Wanted(_OCCUPATIONS, lang), _MOST)
        candidates = [item for item in begun if "prefix" in item.features]
        named = self._index.named(text, Wanted(_OCCUPATIONS, lang), _MOST)
        return list(self._starts([*named, *candidates]))[:limit]

    def skills(self, text: str, limit: int) -> list[str]:
        """Return the IRIs of skills that occupations ask, by the beginning of a word or by meaning."""
        known = self._switches.skills
        return [item.entry.iri for item in self._index.begins(text, _SKILL, _MOST) if item.entry.iri in known][:limit]

    def find_skills(self, asked: Iterable[str]) -> frozenset[str]:
        """Return the IRIs of skills, each given by IRI or by one of its names.

        Raises:
            NotFound: no occupation asks for one of them; the hint names the nearest.

        """
        return frozenset(self._skill(skill) for skill in asked)

    def _skill(self, asked: str) -> str:
        if asked in self._switches.skills:
            return asked
        known = [item for item in self._index.search(asked, _SKILL, _MOST) if item.entry.iri in self._switches.skills]
        if exact := [item.entry.iri for item in known if item.features["exact"]]:
            return exact[0]
        near = ", ".join(item.label.text for item in known[:5])
        hint = f"nearest: {near}" if near else "give its IRI, or a name of ESCO"
        raise NotFound(f"no occupation asks for the skill {asked[:200]}", where="skill", hint=hint)

    def _esco(self, iri: str) -> str:
        return iri if iri in self._switches.origins else next(iter(self._switches.esco_of(iri)), "")

    def _starts(self, candidates: Iterable[Candidate]) -> Iterator[Start]:
        """Yield each job once; of ours and ESCO's with the same skills, the first."""
        seen: set[str] = set()
        for candidate in candidates:
            iri = candidate.entry.iri
            esco = self._esco(iri)
            known = esco or iri
            if known not in seen:
                seen.add(known)
                yield Start(iri, esco, candidate.label.text, next(iter(candidate.features)))
