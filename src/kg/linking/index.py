"""The label index and its scorer: a text in, candidates with a score and the features that explain it out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Final

from rapidfuzz import fuzz, process

from kg.linking import job_names
from kg.linking.candidates import Candidate, Wanted
from kg.linking.compounds import folded, telling, trigrams
from kg.linking.entries import Entry, Label
from kg.linking.esco import MODEL
from kg.linking.label_table import Found, LabelTable
from kg.namespaces import BASE

# How much each feature counts in a label that is not exact; together 1. Chosen once, measured by bench/linking.py.
WEIGHTS: Final[Mapping[str, float]] = {
    "token": 0.1,
    "compound": 0.4,
    "cover": 0.1,
    "ngram": 0.3,
    "fuzzy": 0.1,
}
_EXACT: Final = {"prefLabel": 100.0, "notation": 100.0, "altLabel": 97.0, "hiddenLabel": 95.0}
_INEXACT: Final = 92.0
_OTHER_LABEL: Final = 0.97  # An alternative label that is as like as a preferred one comes after it.
_ISCO_SHARE: Final = 0.3
_SUPPORT: Final = 0.2
_NEAR: Final = 3
_BY_PART: Final = 240
_LIKE: Final = 60  # Of 100: how like a known word a word must be to stand for it.
_WORDS: Final = 3
_UNIT: Final = 4
_DECIDING: Final = ("prefLabel", "notation")


@dataclass(frozen=True)
class _Text:
    """A text as the scorer compares it: folded, the stems of its words, and those of the parts of its compounds."""

    text: str
    words: frozenset[str]
    parts: frozenset[str]


class Index:
    """The labels of things, from one or more tables; what several tables know is one thing.

    Arguments:
        tables: those whose names come first, first.

    """

    def __init__(self, *tables: LabelTable) -> None:
        self.tables = tables
        self.size = sum(table.size for table in tables)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Index:
        """Return the index of things, in memory."""
        return cls(LabelTable.of(entries))

    def get(self, iri: str) -> Entry | None:
        """Return the thing with an IRI, or None."""
        numbers = ((table, table.number(iri)) for table in self.tables)
        entries = [table.entry(number) for table, number in numbers if number is not None]
        return reduce(_merged, entries) if entries else None

    def classes(self) -> Counter[str]:
        """Return how many things there are of each class, by its IRI."""
        counts: Counter[str] = Counter()
        for table in self.tables:
            for types, count in table.counts().items():
                counts.update(dict.fromkeys(types, count))
        return counts

    def things(self, wanted: Wanted) -> Iterator[tuple[str, str]]:
        """Yield the IRI of each thing of a wanted class, and its ISCO-08 codes in one text."""
        for table in self.tables:
            for iri, types, isco in table.rows("SELECT iri, types, isco FROM thing ORDER BY number"):
                if wanted.has(types.split()):
                    yield iri, isco

    def search(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return the candidates for a text, best first.

        Arguments:
            text: a job title, a skill, a code.
            wanted: what narrows the search.
            limit: how many at most.

        """
        wanted, asked = wanted or Wanted(), folded(text)
        by_thing: defaultdict[str, dict[Label, Candidate]] = defaultdict(dict)
        for candidate in self._scored(asked, wanted) if asked else ():
            by_thing[candidate.entry.iri].setdefault(candidate.label, candidate)
        best = [_supported(list(labels.values()), wanted) for labels in by_thing.values()]
        return _matched(sorted(best, key=lambda candidate: (-candidate.score, candidate.entry.iri)))[:limit]

    def begins(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return things with a label in which a word begins so, the shortest first; then what is merely like it."""
        wanted, asked = wanted or Wanted(), folded(text)
        ranks: dict[str, tuple[tuple[bool, int, bool, bool, str], Label]] = {}
        for table in self.tables if asked else ():
            for found in table.begins(asked, table.spans(wanted), _NEAR * limit):
                iri = table.entry(found.thing).iri
                other = found.label.kind not in _DECIDING
                rank = (not found.text.startswith(asked), len(found.text), other, not iri.startswith(BASE), iri)
                if iri not in ranks or rank < ranks[iri][0]:
                    ranks[iri] = rank, found.label
        ordered = sorted(ranks.items(), key=lambda item: item[1][0])
        entries = ((self.get(iri), label) for iri, (_, label) in ordered[:limit])
        first = [Candidate(entry, label, 100.0, {"prefix": 1.0}) for entry, label in entries if entry]
        more = self.search(text, wanted, limit) if len(first) < limit else []
        return [*first, *(candidate for candidate in more if candidate.entry.iri not in ranks)][:limit]

    def named(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return what a typed job names, as `kg.linking.job_names` says; nothing where it names nothing."""
        return job_names.named(self, text, wanted or Wanted(), limit)

    def near(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return what shares a word or a part of one with a text: ISCO groups first, then what is wanted."""
        wanted = wanted or Wanted()
        groups = self.search(text, replace(wanted, types=frozenset({f"{MODEL}ISCOGroup"})), _NEAR)
        found = [*groups, *(one for one in self.search(text, wanted, limit) if one not in groups)]
        return [one for one in found if one.features["token"] or one.features["compound"]][:limit]

    def _scored(self, asked: str, wanted: Wanted) -> Iterable[Candidate]:
        """Yield the labels worth a closer look, each with its features."""
        texts = [_texts(table, [asked])[asked] for table in self.tables]
        rarity = self._rarity({part for text in texts for part in (*text.words, *text.parts)})
        for table, query in zip(self.tables, texts, strict=True):
            found = self._near(table, query, wanted, rarity)
            known = _texts(table, (each.text for each in found))
            parts = {part for text in known.values() for part in (*text.words, *text.parts)}
            rarity |= self._rarity(parts - rarity.keys())
            entries = {thing: self.get(table.entry(thing).iri) for thing in {each.thing for each in found}}
            for each in found:
                if entry := entries[each.thing]:
                    yield _candidate(query, known[each.text], entry, each.label, wanted, rarity)

    def _near(self, table: LabelTable, query: _Text, wanted: Wanted, rarity: Mapping[str, float]) -> list[Found]:
        """Return labels of a table that are exact or share rare words or parts, or where none does words like them."""
        spans = table.spans(wanted)
        weights: Counter[int] = Counter()
        for part in query.words | query.parts:
            for number in table.posting(part, spans):
                weights[number] += rarity[part]  # type: ignore[assignment]
        for word in query.text.split() if not weights else ():
            for part in self._like(word):
                for number in table.posting(part, spans):
                    weights[number] += 1
        exact = table.exact(query.text, spans)
        there = {each.number for each in exact}
        near = (number for number, _ in weights.most_common(_BY_PART) if number not in there)
        return [*exact, *table.labels(near)]

    def _like(self, word: str) -> set[str]:
        """Return the stems of the known words most like a word."""
        like = process.extract(
            word, self._words.keys(), scorer=fuzz.ratio, processor=None, limit=_WORDS, score_cutoff=_LIKE
        )
        return {self._words[near] for near, _, _ in like}

    @cached_property
    def _words(self) -> dict[str, str]:
        return {word: stem for table in self.tables for word, stem in table.stems()}

    def _rarity(self, parts: Iterable[str]) -> dict[str, float]:
        """Return how rare parts are among all labels."""
        counts: Counter[str] = Counter()
        wanted = list(parts)
        for table in self.tables:
            counts.update(table.counted(wanted))
        return {part: math.log(1 + self.size / max(counts[part], 1)) for part in wanted}


def _merged(one: Entry, other: Entry) -> Entry:
    """Return what two tables say of one thing, each label once."""
    types, labels = dict.fromkeys((*one.types, *other.types)), dict.fromkeys((*one.labels, *other.labels))
    return replace(one, types=tuple(types), labels=tuple(labels), isco=tuple(dict.fromkeys((*one.isco, *other.isco))))


def _texts(table: LabelTable, texts: Iterable[str]) -> dict[str, _Text]:
    told = {text: telling(text) for text in texts}
    words = table.words(word for those in told.values() for word in those)
    return {
        text: _Text(
            text,
            frozenset(words[word][0] for word in those),
            frozenset(part for word in those for part in words[word][1]),
        )
        for text, those in told.items()
    }


def _candidate(
    query: _Text, known: _Text, entry: Entry, label: Label, wanted: Wanted, rarity: Mapping[str, float]
) -> Candidate:
    def weigh(parts: Iterable[str]) -> float:
        return sum(rarity[part] for part in parts)

    def overlap(first: frozenset[str], second: frozenset[str]) -> float:
        """Return twice the weight of what two sets share over the weight of both: rare words count more."""
        both = weigh(first) + weigh(second)
        return 2 * weigh(first & second) / both if both else 0.0

    features = {
        "exact": float(known.text == query.text),
        "altLabel": float(label.kind == "altLabel"),
        "token": overlap(query.words, known.words),
        "compound": overlap(query.parts, known.parts),
        "cover": weigh(query.parts & known.parts) / weigh(query.parts),
        "ngram": _dice(trigrams(query.text), trigrams(known.text)),
        "fuzzy": fuzz.token_sort_ratio(query.text, known.text) / 100,
    }
    if features["exact"]:
        score = _EXACT[label.kind]
    else:
        score = _INEXACT * sum(weight * features[name] for name, weight in WEIGHTS.items())
        score *= 1.0 if label.kind == "prefLabel" else _OTHER_LABEL
    if wanted.isco:
        features["isco"] = max((_agreement(wanted.isco, code) for code in entry.isco), default=0.0)
        score = (1 - _ISCO_SHARE) * score + 100 * _ISCO_SHARE * features["isco"]
    rounded = {name: round(value, 3) for name, value in features.items()}
    return Candidate(entry, label, round(score, 2), rounded)


def _supported(labels: Sequence[Candidate], wanted: Wanted) -> Candidate:
    """Return the best label of a thing; where it is not exact, the next best ones speak for the thing or against it."""
    ranked = sorted(labels, key=lambda candidate: -candidate.score)
    best = ranked[0]
    most = min(_NEAR, sum(wanted.speaks(label.lang) for label in best.entry.labels))
    support = sum(candidate.score for candidate in ranked[:most]) / most
    score = best.score if best.features["exact"] else (1 - _SUPPORT) * best.score + _SUPPORT * support
    return replace(best, score=round(score, 2), features={**best.features, "support": round(support / 100, 3)})


def _dice(first: frozenset[str], second: frozenset[str]) -> float:
    return 2 * len(first & second) / (len(first) + len(second))


def _agreement(wanted: str, code: str) -> float:
    """Return the share of the digits wanted with which a code begins."""
    same = next((at for at, (one, other) in enumerate(zip(wanted, code, strict=False)) if one != other), None)
    shared = min(len(wanted), len(code)) if same is None else same
    return shared / min(_UNIT, len(wanted))


def _matched(candidates: list[Candidate]) -> list[Candidate]:
    """Mark the one thing with exactly this preferred label or code; where several have it, none is.

    Alternative labels do not decide: in ESCO they are wide, and look-alikes hide among them (see docs/linking.md).
    """
    exact = (item for item in candidates if item.features["exact"] and item.features.get("isco", 1.0) == 1.0)
    deciding = [item for item in exact if item.label.kind in _DECIDING]
    if len(deciding) != 1:
        return candidates
    return [replace(deciding[0], match=True), *(item for item in candidates if item is not deciding[0])]
