"""Words to things: what an assistant names in words is looked up in the index that `/search` uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.errors import NotFound
from kg.linking.candidates import Wanted
from kg.linking.compounds import folded
from kg.linking.entries import kebab
from kg.linking.full_text import Held, Unit
from kg.namespaces import BASE, ID, KB, QB
from kg.queries.question import Parameter, Question
from kg.rdf_terms import is_iri, local_name, objects, term_key
from kg.web.assistant.citations import passages_of, short
from kg.web.assistant.things import SAYINGS
from kg.web.search.documents import QUESTION
from kg.web.search.results import Finder
from kg.web.site import Site

_LEAST: Final = 0.35  # Of what words are looked for, below which a thing is not what they name.
_HELPING: Final = 0.5  # What a unit, scope or kind of quantity counts beside what a search shows first.
_AGAIN: Final = 0.85  # What each further observation of a series counts.
_PLACES: Final = (KB + "Section", KB + "CitedWork")
_RESOURCE: Final = "http://www.w3.org/2000/01/rdf-schema#Resource"


class Lookup:
    """Finds things by words or IRI.

    Arguments:
        site: what is served.
        finder: finds in it.

    """

    def __init__(self, site: Site, finder: Finder) -> None:
        self._site, self.finder = site, finder

    def thing(self, words: str, lang: str, kind: str = "", among: Collection[str] = ()) -> str:
        """Return the IRI of what is named.

        Arguments:
            words: an IRI, `kind/slug`, or a name in Dutch or English.
            lang: language of the reader.
            kind: IRI of the class that it must have; empty for all.
            among: IRIs of which it must be one; empty for all.

        Raises:
            NotFound: nothing is called so; the hint has the nearest names.

        """
        iri = words if words.startswith(("http://", "https://")) else ID + words
        if is_iri(iri) and any(self._site.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)):
            return iri
        named = iri != words and words.partition("/")[0] not in self._site.kinds.members
        if named and (found := next(self._named(words, lang, kind, among), "")):
            return found
        near = self._site.labels.nearest(words if named else local_name(words), lang)
        names = ", ".join(f"{label} <{short(self._site, each)}>" for each, label in near)
        hint = f"nearest names: {names}" if names else "search finds things by other words"
        raise NotFound(f"nothing is called {words[:200]}" + (f" among {kebab(kind)}s" if kind else ""), hint=hint)

    def _named(self, words: str, lang: str, kind: str, among: Collection[str]) -> Iterator[str]:
        exact = folded(words)
        yield from (iri for iri in sorted(among) if folded(self._site.labels.get(iri, lang)[0]) == exact)
        matches = self.finder.documents.texts.search(words, lang)
        for match in sorted(matches, key=lambda match: -match.score):
            if match.score >= _LEAST and self._fits(match.key, kind, among):
                yield match.key
        if kind and not kind.startswith(BASE):
            candidates = self._site.indexes.labels.search(words, Wanted(frozenset({kind})), 1)
            yield from (candidate.entry.iri for candidate in candidates if candidate.score >= 100 * _LEAST)

    def _fits(self, key: str, kind: str, among: Collection[str]) -> bool:
        entry = self.finder.documents.entries.get(key)
        if entry is None:
            return False
        return key in among if among else not kind or kind in self._site.facts.classes(key)

    def parameter(self, parameter: Parameter, value: str, lang: str, among: Collection[str]) -> str:
        """Return what the query of a question gets for a value: the IRI of what is named, or a literal as it is."""
        if parameter.datatype:
            return value
        return self.thing(value, lang, self.class_of(parameter), () if parameter.kind else among)

    def class_of(self, parameter: Parameter) -> str:
        """Return the IRI of the class of the values of a parameter; nothing where each thing will do."""
        prefix, _, name = parameter.kind.partition(":")
        iri = self._site.graph.prefixes[prefix] + name if parameter.kind else ""
        return "" if iri == _RESOURCE else iri

    def named_in(self, text: str, question: Question, things: Collection[str]) -> dict[str, str]:
        """Return the parameters of a question whose values a text names, each with the longest such name's IRI."""
        plain, entries = f" {folded(text)} ", self.finder.documents.entries
        values: dict[str, str] = {}
        for parameter in question.parameters:
            kind = self.class_of(parameter)
            named = {
                iri: max(len(name) for name in names)
                for iri in things
                if kind and kind in self._site.facts.classes(iri) and iri not in values.values()
                if (names := [name for label in entries[iri].labels if f" {(name := folded(label.text))} " in plain])
            }
            if named:
                values[parameter.name] = max(named, key=lambda iri: (named[iri], iri))
        return values

    def asked(self, text: str, lang: str) -> Asked:
        """Return what a text asks, and what holds some of it."""
        documents = self.finder.documents
        found, units = documents.texts.covering(text, lang)
        things = [held for held in found if held.key in documents.entries and not self._is_of(held.key, _PLACES)]
        sayings, others = (
            [held for held in things if self._is_of(held.key, SAYINGS) == is_saying] for is_saying in (True, False)
        )
        questions = [held for held in found if held.key.startswith(QUESTION)]
        known = frozenset[str]().union(*(held.units for held in found))
        asked = Asked(text, units, known, questions, [], [])
        asked = replace(asked, things=self._ranked(asked, others))
        return replace(asked, sayings=self._ranked_sayings(asked, sayings))

    def _ranked(self, asked: Asked, things: Sequence[Held]) -> list[Held]:
        """Return things, those first that are named and those of the classes that a search shows first."""

        def score(held: Held) -> float:
            return (held.score + held.named * asked.part(held.units)) * (1.0 if self.is_first(held.key) else _HELPING)

        return sorted(things, key=lambda held: -score(held))

    def _ranked_sayings(self, asked: Asked, sayings: Sequence[Held]) -> list[Held]:
        """Return sayings, those first whose claimant is named, and further ones of a series behind its first."""
        named = {held.key: asked.part(held.units) for held in asked.things if held.named}
        turns: Counter[str] = Counter()
        ranked = []
        for held in sayings:
            by = [named.get(iri, 0.0) for iri in self._values(held.key, KB + "claimedBy")]
            series = next(iter(self._values(held.key, QB + "dataSet")), held.key)
            ranked.append(replace(held, score=(held.score + max(by, default=0.0)) * _AGAIN ** turns[series]))
            turns[series] += 1
        return sorted(ranked, key=lambda held: -held.score)

    def beside(self, key: str) -> list[str]:
        """Return the other sayings of the sentences in which one stands, then those of the sentences around these."""
        site = self._site
        passages = passages_of(map(site.facts.support, site.own_statements(ox.NamedNode(key))))
        said: dict[str, None] = {}
        for passage in passages[:1]:
            if outline := site.outline_of(passage):
                block = [one.iri for one in outline.passages if outline.blocks[one.iri] == outline.blocks[passage]]
                at = block.index(passage)
                near = sorted(range(max(at - 1, 0), min(at + 2, len(block))), key=lambda other: abs(other - at))
                said |= {iri: None for other in near for iri in site.facts.things_at(block[other])}
        return [iri for iri in said if iri != key and not SAYINGS.isdisjoint(site.facts.classes(iri))]

    def _values(self, iri: str, predicate: str) -> list[str]:
        return sorted(map(term_key, objects(self._site.graph.store, ox.NamedNode(iri), predicate)))

    def is_first(self, key: str) -> bool:
        """Return whether a thing is of a class that a search shows first."""
        return self._is_of(key, self._site.views.ranking)

    def _is_of(self, key: str, classes: Collection[str]) -> bool:
        return not set(classes).isdisjoint(self.finder.documents.entries[key].types)

    def held_in(self, text: str, asked: Asked) -> frozenset[str]:
        """Return which of the words that are asked a text holds."""
        return self.finder.documents.texts.held_in(text, asked.units)


@dataclass(frozen=True)
class Asked:
    """What a text asks, and what holds some of it, that which holds most first.

    Attributes:
        text: as it was asked.
        units: its words and phrases that tell something.
        known: those that anything holds.
        questions, sayings, things: what holds some of them.

    """

    text: str
    units: Sequence[Unit]
    known: frozenset[str]
    questions: Sequence[Held]
    sayings: Sequence[Held]
    things: Sequence[Held]

    def part(self, held: Collection[str]) -> float:
        """Return which part of what is asked some of its words are, rare ones counting more."""
        whole = sum(unit.rarity for unit in self.units) or 1.0
        return sum(unit.rarity for unit in self.units if unit.text in held) / whole

    def without(self, held: Collection[str]) -> list[str]:
        """Return the words that are not among some."""
        return [unit.text for unit in self.units if unit.text not in held]

    @property
    def unknown(self) -> list[str]:
        """The words that nothing holds."""
        return self.without(self.known)
