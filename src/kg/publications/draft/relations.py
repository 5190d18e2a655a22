"""What a sentence says of the things that it names: by the words of a pattern, or as the graph has it elsewhere."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import ID, KB, SCHEMA
from kg.publications.draft.lexicon import Mention, Thing, publication_graphs
from kg.publications.draft.words import Pattern, Words
from kg.rdf_terms import objects, term_key

_CLAUSE_END: Final = re.compile(
    r"[;:.()]|, (?:die|dat|omdat|waar\w*|maar|which|who|that|because|but)\b| (?:omdat|because) "
)
_LONGEST_NAME: Final = 8
_UNNAMED: Final = 5  # Words of a name in which nothing is known.
_OPEN: Final = (" aan", " naar", " voor", " van", " tot", " of", " for", " as")
_SUBCLASS: Final = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")


@dataclass(frozen=True, order=True)
class Proposed:
    """A new thing that a pattern proposes: its class, its fixed properties, its name as printed."""

    kind: str
    fixed: tuple[tuple[str, str], ...]
    printed: str
    words: str


@dataclass(frozen=True, order=True)
class Relation:
    """A proposed triple; without an object, only its new subject is proposed."""

    subject: Thing | Proposed
    predicate: str
    object: Thing | None
    words: str


class Relations:
    """Finds relations.

    Arguments:
        store: the graph, with domains and ranges.
        words: the patterns.

    """

    def __init__(self, store: ox.Store, words: Words) -> None:
        self._store, self._patterns = store, words.patterns
        self._stated = _relations(store)

    def find(self, text: str, mentions: Sequence[Mention], topics: dict[str, Thing]) -> Iterator[Relation]:
        """Yield the relations that patterns and the graph propose for a passage.

        Arguments:
            text: the passage.
            mentions: what it names.
            topics: class to the one thing of it that the whole text names most.

        """
        signals: list[Proposed] = []
        for pattern in self._patterns:
            for match in pattern.words.finditer(text):
                for relation in self._by_pattern(pattern, match, mentions, topics, signals):
                    if isinstance(relation.subject, Proposed):
                        signals.append(relation.subject)
                    yield relation
        things = {mention.thing.iri: mention.thing for mention in mentions}
        places = {iri: {mention.begin for mention in mentions if mention.thing.iri == iri} for iri in things}
        for subject in sorted(things):
            for predicate, value in self._stated.get(subject, ()):
                if value in things and places[value] != places[subject]:  # The same words name no two ends.
                    yield Relation(things[subject], predicate, things[value], "")

    def _by_pattern(
        self,
        pattern: Pattern,
        match: re.Match[str],
        mentions: Sequence[Mention],
        topics: dict[str, Thing],
        signals: Iterable[Proposed],
    ) -> Iterator[Relation]:
        behind = self._behind(match, mentions)
        before = [mention for mention in mentions if mention.end <= match.start()]
        words = match.group()
        candidates = behind if pattern.objects == "after" else mentions
        if pattern.subject == "after":
            behind, before = before[-1:], behind
            candidates = behind
        allowed = [mention for mention in candidates if self._in_range(pattern.predicate, mention.thing.kind)]
        if pattern.objects == "nearest":
            allowed = sorted(allowed, key=lambda mention: _distance(mention, match))[:1]
        found = list(dict.fromkeys(mention.thing for mention in allowed))
        if pattern.subject == "new":
            subject = _new(pattern, match, [mention for mention in candidates if mention.thing in found])
            if found or not pattern.needs_object:
                yield from (Relation(subject, pattern.predicate, thing, words) for thing in (found or (None,)))
            return
        for one in self._subjects(pattern, before, topics, signals):
            yield from (Relation(one, pattern.predicate, thing, words) for thing in found if thing != one)

    def _behind(self, match: re.Match[str], mentions: Sequence[Mention]) -> list[Mention]:
        """Return the mentions after the words, to the end of their clause."""
        end = _CLAUSE_END.search(match.string, match.end())
        last = end.start() if end else len(match.string)
        return [mention for mention in mentions if match.end() <= mention.begin < last]

    def _subjects(
        self, pattern: Pattern, before: Sequence[Mention], topics: dict[str, Thing], signals: Iterable[Proposed]
    ) -> list[Thing | Proposed]:
        if pattern.subject == "signal":
            return sorted({signal for signal in signals if signal.fixed})
        if pattern.subject.startswith("http"):
            return [topics[pattern.subject]] if pattern.subject in topics else []
        allowed = [mention.thing for mention in before if self._in_domain(pattern.predicate, mention.thing.kind)]
        return list(allowed[-1:])

    def _in_domain(self, predicate: str, kind: str) -> bool:
        return self._allows(predicate, "domainIncludes", kind)

    def _in_range(self, predicate: str, kind: str) -> bool:
        return self._allows(predicate, "rangeIncludes", kind)

    def _allows(self, predicate: str, side: str, kind: str) -> bool:
        """Return whether a property allows a class, by itself or by a wider one; one without any class allows all."""
        allowed = set(map(term_key, objects(self._store, ox.NamedNode(predicate), SCHEMA + side)))
        return not allowed or not allowed.isdisjoint(self._wider(kind))

    def narrows(self, kind: str, wider: str) -> bool:
        """Return whether a class is another one, or is below it."""
        return wider in self._wider(kind)

    def _wider(self, kind: str) -> set[str]:
        wider = set(map(term_key, objects(self._store, ox.NamedNode(kind), _SUBCLASS.value)))
        return {kind}.union(*map(self._wider, wider)) if wider else {kind}


def _distance(mention: Mention, match: re.Match[str]) -> int:
    """Return how many characters stand between a mention and the words of a pattern."""
    return max(mention.begin - match.end(), match.start() - mention.end)


def _new(pattern: Pattern, match: re.Match[str], named: Sequence[Mention]) -> Proposed:
    """Return the new subject of a pattern, called as the words are printed up to the last thing that they name."""
    end = max([match.end(), *(mention.end for mention in named)])
    printed = match.string[match.start() : end]
    if not named and match.group().endswith(_OPEN):
        printed = " ".join(_CLAUSE_END.split(match.string[match.start() :])[0].split()[:_UNNAMED]).rstrip(",")
    if len(printed.split()) > _LONGEST_NAME:
        printed = match.string[match.start() : max(match.end(), *(mention.end for mention in named[:1]))]
    return Proposed(pattern.new_class, pattern.fixed, printed, match.group())


def _relations(store: ox.Store) -> dict[str, list[tuple[str, str]]]:
    """Return subject to property and value, of what publications state between shared things."""
    stated: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for graph in publication_graphs(store, "stated"):
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(graph)):
            subject, value = term_key(quad.subject), term_key(quad.object)
            if quad.predicate.value.startswith(KB) and subject.startswith(ID) and value.startswith(ID):
                stated[subject].add((quad.predicate.value, value))
    return {subject: sorted(pairs) for subject, pairs in stated.items()}


def topics(mentions: Iterable[Mention]) -> dict[str, Thing]:
    """Return class to the thing of it that is named most, where it is named more often than all others together."""
    counts: defaultdict[str, Counter[Thing]] = defaultdict(Counter)
    for mention in mentions:
        counts[mention.thing.kind][mention.thing] += 1
    most = {kind: max(sorted(things), key=things.__getitem__) for kind, things in counts.items()}
    return {kind: thing for kind, thing in most.items() if 2 * counts[kind][thing] > counts[kind].total()}
