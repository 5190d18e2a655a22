"""Career switches: skills of ESCO that two occupations share, those missing, and the nearest climate occupations."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import NotFound, SourceError
from kg.labels import Labels
from kg.linking.esco import ESSENTIAL, IN_SCHEME, OPTIONAL, PREF, SCHEME
from kg.linking.imported import load
from kg.namespaces import KB, RDF_TYPE, SKOS
from kg.rdf_terms import term_key

_MATCHES: Final = tuple(ox.NamedNode(SKOS + name) for name in ("exactMatch", "closeMatch"))
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_OCCUPATION: Final = ox.NamedNode(KB + "Occupation")
_GREEN: Final = ox.NamedNode(SCHEME + "green")
_OPTIONAL_SHARE: Final = 0.3


@dataclass(frozen=True)
class Gap:
    """What someone of one occupation has and lacks for another.

    Attributes:
        occupation: IRI of the climate occupation.
        via: IRI of the ESCO occupation that stands for it.
        score: 0 to 100: the weight of what is there of all that is asked. A rare skill weighs more than a common one,
            an optional skill three tenths of an essential one.
        essential, optional: the points of the score that each of the two gives, and those that it could give at most.
        shared, missing_essential, missing_optional: IRIs of skills, those with the most weight first.
        green: share of green skills among those asked, 0 to 1.

    """

    occupation: str
    via: str
    score: float
    shared: tuple[str, ...]
    missing_essential: tuple[str, ...]
    missing_optional: tuple[str, ...]
    green: float
    essential: tuple[float, float] = (0.0, 0.0)
    optional: tuple[float, float] = (0.0, 0.0)


class Switches:
    """The skills of occupations in one graph, read once.

    Arguments:
        store: our graph, and ESCO's.
        graph: IRI of the graph with the skill relations (`skills_graph`): the part around our links, or ESCO imported
            whole. Only this graph is read for skills, so that an imported vocabulary changes no other answer.

    """

    def __init__(self, store: ox.Store, graph: str) -> None:
        name = ox.NamedNode(graph)
        self._essential = _relations(store, ESSENTIAL, name)
        self._optional = _relations(store, OPTIONAL, name)
        green = store.quads_for_pattern(None, IN_SCHEME, _GREEN, name)
        self._green = {quad.subject.value for quad in green if isinstance(quad.subject, ox.NamedNode)}
        self._ours = _mapped(store)
        self._weights = self._rarity()

    def _rarity(self) -> Mapping[str, float]:
        uses: defaultdict[str, int] = defaultdict(int)
        for relations in (self._essential, self._optional):
            for skills in relations.values():
                for skill in skills:
                    uses[skill] += 1
        all_of_them = len(self._essential.keys() | self._optional.keys())
        return {skill: math.log(1 + all_of_them / count) for skill, count in uses.items()}

    @property
    def origins(self) -> list[str]:
        """IRIs of the occupations with skills, from which someone may come."""
        return sorted(self._essential.keys() | self._optional.keys())

    @property
    def skills(self) -> frozenset[str]:
        """IRIs of the skills that occupations ask for."""
        return frozenset(self._weights)

    def esco_of(self, occupation: str) -> tuple[str, ...]:
        """Return the ESCO occupations with skills that a mapping ties to a climate occupation, exact before close."""
        return tuple(there for there in self._ours.get(occupation, ()) if self.skills_of(there))

    def ours_of(self, there: str) -> list[str]:
        """Return the climate occupations that a mapping ties to an ESCO occupation."""
        return [ours for ours, others in self._ours.items() if there in others]

    def skills_of(self, occupation: str) -> frozenset[str]:
        """Return essential and optional skills of an ESCO occupation."""
        return self._essential.get(occupation, frozenset()) | self._optional.get(occupation, frozenset())

    def nearest(self, skills: Iterable[str], limit: int = 10, without: str = "") -> list[Gap]:
        """Return the climate occupations for which least is missing, best first.

        Arguments:
            skills: IRIs of the skills that someone has.
            limit: how many at most.
            without: ESCO occupation that is left out, because someone comes from it.

        """
        had = frozenset(skills)
        gaps = [
            self.gap(had, ours, via)
            for ours, there in self._ours.items()
            for via in there
            if via != without and self.skills_of(via)
        ]
        best: dict[str, Gap] = {}
        for gap in sorted(gaps, key=lambda gap: (-gap.score, gap.occupation, gap.via)):
            best.setdefault(gap.occupation, gap)
        return list(best.values())[:limit]

    def gap(self, had: frozenset[str], occupation: str, via: str) -> Gap:
        """Return what is shared and missing for one occupation."""
        essential = self._essential.get(via, frozenset())
        optional = self._optional.get(via, frozenset()) - essential
        asked = self._weigh(essential) + _OPTIONAL_SHARE * self._weigh(optional)
        there = self._weigh(essential & had) + _OPTIONAL_SHARE * self._weigh(optional & had)
        share = 100 / asked if asked else 0.0
        wanted = essential | optional
        return Gap(
            occupation,
            via,
            round(share * there, 1),
            self._ordered(wanted & had),
            self._ordered(essential - had),
            self._ordered(optional - had),
            round(len(wanted & self._green) / len(wanted), 3) if wanted else 0.0,
            self._points(essential, had, share),
            self._points(optional, had, share * _OPTIONAL_SHARE),
        )

    def _points(self, asked: frozenset[str], had: frozenset[str], each: float) -> tuple[float, float]:
        return round(each * self._weigh(asked & had), 1), round(each * self._weigh(asked), 1)

    def _weigh(self, skills: Iterable[str]) -> float:
        return sum(self._weights.get(skill, 0.0) for skill in skills)

    def _ordered(self, skills: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(skills, key=lambda skill: (-self._weights.get(skill, 0.0), skill)))


def _relations(store: ox.Store, predicate: ox.NamedNode, graph: ox.NamedNode) -> dict[str, frozenset[str]]:
    skills_by_occupation: defaultdict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, predicate, None, graph):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            skills_by_occupation[quad.subject.value].add(quad.object.value)
    return {occupation: frozenset(skills) for occupation, skills in skills_by_occupation.items()}


def _mapped(store: ox.Store) -> dict[str, tuple[str, ...]]:
    """Return our occupations with those of ESCO that mappings tie to them, exact ones first."""
    ours = {quad.subject for quad in store.quads_for_pattern(None, _TYPE, _OCCUPATION, None)}
    matches: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for predicate in _MATCHES:
        quads = [quad for quad in store.quads_for_pattern(None, predicate, None, None) if quad.subject in ours]
        for subject, matched in sorted((term_key(quad.subject), term_key(quad.object)) for quad in quads):
            matches[subject][matched] = None
    return {occupation: tuple(there) for occupation, there in sorted(matches.items())}


def skills_graph(store: ox.Store) -> str:
    """Return the IRI of the graph that says which skills occupations need; empty where none does.

    Of several, such as two versions of ESCO, it is the one with the last name.
    """
    named = {term_key(quad.graph_name) for quad in store.quads_for_pattern(None, ESSENTIAL, None, None)}
    return max(named, default="")


def store_with_esco(ours: ox.Store, path: Path) -> tuple[ox.Store, str]:
    """Return a store with our graph and ESCO imported whole, apart from ours, and the IRI of ESCO's graph.

    Arguments:
        ours: our graph; it stays as it is, so that no other answer changes.
        path: what `kg import esco` wrote.

    Raises:
        SourceError: it holds no skills of occupations, or is broken.

    """
    store = ox.Store()
    load(store, path)
    graph = skills_graph(store)
    if not graph:
        hint = "give what kg import esco wrote, of a download with skills"
        raise SourceError("no occupation has skills in it", where=str(path), hint=hint)
    store.bulk_extend(ours)
    return store, graph


def find_origin(switches: Switches, labels: Labels, store: ox.Store, asked: str) -> str:
    """Return the IRI of an occupation with skills, given by IRI or exact preferred label.

    Raises:
        NotFound: there is none; the hint names the nearest.

    """
    return _find(frozenset(switches.origins), labels, store, asked, "no skills are known of")


def find_skills(switches: Switches, labels: Labels, store: ox.Store, asked: Iterable[str]) -> frozenset[str]:
    """Return the IRIs of skills of ESCO, each given by IRI or exact preferred label.

    Raises:
        NotFound: no occupation asks for one of them; the hint names the nearest.

    """
    return frozenset(
        _find(switches.skills, labels, store, skill, "no occupation asks for the skill") for skill in asked
    )


def _find(known: frozenset[str], labels: Labels, store: ox.Store, asked: str, what: str) -> str:
    if asked in known:
        return asked
    for lang in ("nl", "en"):
        for quad in store.quads_for_pattern(None, PREF, ox.Literal(asked, language=lang), None):
            if isinstance(quad.subject, ox.NamedNode) and quad.subject.value in known:
                return quad.subject.value
    near = [name for iri, name in labels.nearest(asked, "nl", 20) if iri in known][:5]
    hint = f"nearest: {', '.join(near)}" if near else "give the IRI, or import ESCO and give it by --with"
    raise NotFound(f"{what} {asked[:200]}", hint=hint)
