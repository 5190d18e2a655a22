"""Career switches: how much of what an occupation asks someone has already, in whole points and in a word.

The score is the weight of the skills that are there, of all that ESCO gives for the occupation: a rare skill weighs
more than a common one, an optional one three tenths of an essential one. How the words were chosen says docs/switch.md.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import pyoxigraph as ox

from kg.linking.esco import ISCO
from kg.namespaces import KB, RDF_TYPE, SKOS
from kg.rdf_terms import term_key

Skills = Mapping[str, frozenset[str]]
Targets = Mapping[str, Mapping[str, bool]]
_MATCHES: Final = ("exactMatch", "closeMatch")
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_OCCUPATION: Final = ox.NamedNode(KB + "Occupation")
_LEVEL: Final = ox.NamedNode(KB + "skillLevel")
_OPTIONAL_SHARE: Final = 0.3
_NONE: Final[frozenset[str]] = frozenset()
# Word, the points that it takes, and the share of the essential skills.
_WORDS: Final = (("near", 40.0, 1 / 2), ("within-reach", 20.0, 1 / 4))
FAR: Final = "far"
_TRACE: Final = 5.0


@dataclass(frozen=True)
class Match:
    """What someone has and lacks for a climate occupation.

    Attributes:
        occupation: IRI of the climate occupation.
        also: IRIs of others for which the same ESCO occupation stands.
        via: IRI of the ESCO occupation that stands for it.
        exact: whether a mapping says that they are the same; else they are close.
        score: 0 to 100, whole.
        step: `near`, `within-reach` or `far`.
        essential, optional: how many skills of each someone has, and how many are asked.
        shared, missing_essential, missing_optional: IRIs of skills, the rarest first.
        level, higher: ISCO skill level of the work, 0 where unknown, and by how many it is above that of the start.
        rank: the score, halved for each level that the work is above: what puts matches in order.

    """

    occupation: str
    via: str
    exact: bool
    score: int
    step: str
    essential: tuple[int, int]
    optional: tuple[int, int]
    shared: tuple[str, ...]
    missing_essential: tuple[str, ...]
    missing_optional: tuple[str, ...]
    level: int
    higher: int
    rank: float
    also: tuple[str, ...] = ()


class Switches:
    """Which skills occupations ask, and which climate occupations are near to what someone can do.

    Arguments:
        essential, optional: IRIs of ESCO occupations to IRIs of skills.
        targets: IRI of a climate occupation to the ESCO occupations that a mapping ties to it, and whether it is exact.
        level: gives the ISCO skill level of an ESCO occupation by its IRI; 0 where it is not known.
        rarity: whether a rare skill weighs more than a common one.
        optional_share: the weight of an optional skill beside an essential one, 0 to 1.

    """

    def __init__(
        self,
        essential: Skills,
        optional: Skills,
        targets: Mapping[str, Mapping[str, bool]],
        level: Callable[[str], int],
        *,
        rarity: bool = True,
        optional_share: float = _OPTIONAL_SHARE,
    ) -> None:
        self._essential, self._optional, self._targets = essential, optional, targets
        self._optional_share = optional_share
        self.level = cache(level)
        uses = Counter(skill for skills in (essential, optional) for those in skills.values() for skill in those)
        everyone = len(essential.keys() | optional.keys())
        self._weights = {skill: math.log(1 + everyone / count) if rarity else 1.0 for skill, count in uses.items()}

    @property
    def origins(self) -> frozenset[str]:
        """IRIs of the occupations with skills, from which someone may come."""
        return frozenset(self._essential.keys() | self._optional.keys())

    @property
    def skills(self) -> frozenset[str]:
        """IRIs of the skills that occupations ask for."""
        return frozenset(self._weights)

    def esco_of(self, occupation: str) -> tuple[str, ...]:
        """Return the ESCO occupations with skills that stand for a climate occupation, exact before close."""
        return tuple(there for there in self._targets.get(occupation, ()) if self.skills_of(there))

    def ours_of(self, there: str) -> dict[str, bool]:
        """Return the climate occupations that a mapping ties to an ESCO occupation, and whether it is exact."""
        return {ours: others[there] for ours, others in self._targets.items() if there in others}

    def skills_of(self, occupation: str) -> frozenset[str]:
        """Return essential and optional skills of an ESCO occupation."""
        return self._essential.get(occupation, _NONE) | self._optional.get(occupation, _NONE)

    def nearest(
        self, had: frozenset[str], level: int = 0, without: Iterable[str] = (), only: frozenset[str] | None = None
    ) -> list[Match]:
        """Return the climate occupations that share a skill, the nearest first, each by its best ESCO occupation.

        Those that share no more than a trace, fewer than five points that count, are left out.

        Arguments:
            had: IRIs of the skills that someone has.
            level: ISCO skill level of the work that someone comes from; 0 where it is not known.
            without: IRIs, of ESCO or ours, that are no answer, because someone comes from them.
            only: the climate occupations that count, such as those of a region; all by default.

        """
        left_out = frozenset(without)
        matches = (
            self._match(had, level, ours, via, exact)
            for ours, others in self._targets.items()
            for via, exact in others.items()
            if not {ours, via} & left_out and (only is None or ours in only) and self.skills_of(via) & had
        )
        best: dict[str, Match] = {}
        for match in sorted((match for match in matches if match.rank >= _TRACE), key=_place):
            best.setdefault(match.occupation, match)
        together: dict[str, Match] = {}
        for match in best.values():
            first = together.get(match.via)
            together[match.via] = replace(first, also=(*first.also, match.occupation)) if first else match
        return list(together.values())

    def _match(self, had: frozenset[str], level: int, occupation: str, via: str, exact: bool) -> Match:
        essential = self._essential.get(via, _NONE)
        optional = self._optional.get(via, _NONE) - essential
        asked = self._weigh(essential) + self._optional_share * self._weigh(optional)
        points = 100 * (self._weigh(essential & had) + self._optional_share * self._weigh(optional & had)) / asked
        higher = max(self.level(via) - level, 0) if level and self.level(via) else 0
        rank = points / 2**higher
        share = len(essential & had) / len(essential) if essential else 1.0
        return Match(
            occupation,
            via,
            exact,
            round(points),
            _word(rank, share),
            (len(essential & had), len(essential)),
            (len(optional & had), len(optional)),
            self._ordered((essential | optional) & had),
            self._ordered(essential - had),
            self._ordered(optional - had),
            self.level(via),
            higher,
            rank,
        )

    def _weigh(self, skills: Iterable[str]) -> float:
        return sum(self._weights[skill] for skill in skills)

    def _ordered(self, skills: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(skills, key=lambda skill: (-self._weights[skill], skill)))


def _word(rank: float, share: float) -> str:
    return next((word for word, points, least in _WORDS if rank >= points and share >= least), FAR)


def _place(match: Match) -> tuple[int, float, bool, str, str]:
    """Return what puts matches in order: the word, the points that count, the same occupation before a close one."""
    place = [*(word for word, _, _ in _WORDS), FAR].index(match.step)
    return place, -match.rank, not match.exact, match.occupation, match.via


def targets_of(store: ox.Store) -> dict[str, dict[str, bool]]:
    """Return our occupations with those of ESCO that mappings tie to them, exact ones first."""
    ours = {quad.subject for quad in store.quads_for_pattern(None, _TYPE, _OCCUPATION, None)}
    matches: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for name in _MATCHES:
        quads = store.quads_for_pattern(None, ox.NamedNode(SKOS + name), None, None)
        pairs = sorted((term_key(quad.subject), term_key(quad.object)) for quad in quads if quad.subject in ours)
        for subject, matched in pairs:
            matches[subject].setdefault(matched, name == _MATCHES[0])
    return dict(sorted(matches.items()))


def skill_levels(store: ox.Store) -> dict[str, tuple[int, ...]]:
    """Return the ISCO skill levels of groups by code: of major groups, and of sub-major ones where they differ."""
    levels: defaultdict[str, set[int]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, _LEVEL, None, None):
        if isinstance(quad.object, ox.Literal):
            levels[term_key(quad.subject).removeprefix(ISCO)].add(int(quad.object.value))
    return {code: tuple(sorted(those)) for code, those in levels.items()}


def level_of(code: str, levels: Mapping[str, tuple[int, ...]]) -> int:
    """Return the skill level of an ISCO group: of the narrowest that has one; 0 where it has several or none.

    >>> level_of("1412", {"1": (3, 4), "14": (3,)}), level_of("1", {"1": (3, 4)})
    (3, 0)
    """
    stated = next((levels[code[:size]] for size in range(len(code), 0, -1) if code[:size] in levels), ())
    return stated[0] if len(stated) == 1 else 0
