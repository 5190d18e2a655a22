"""The label index and its scorer: a text in, candidates with a score and the features that explain it out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from typing import Final

from rapidfuzz import fuzz, process

from kg.languages import LANGUAGES
from kg.linking import job_names
from kg.linking.candidates import Candidate, Wanted
from kg.linking.compounds import compound_ends, folded, telling
from kg.linking.entries import Entry, Label
from kg.linking.esco import MODEL
from kg.linking.label_table import Found, LabelTable
from kg.linking.scoring import Query, Similar, Text, features, likeness, score
from kg.namespaces import BASE

Spans = Sequence[tuple[int, int]]
_INEXACT: Final = 92.0
_ISCO_SHARE: Final = 0.3
_BY_END: Final = 0.6  # Of the score: only the end of a compound is found.
_NEAR: Final = 3
_THINGS: Final = 100
_SAMPLE: Final = 200
_SURE: Final = 1.5  # What stands beside a part so much more often than others is its translation.
_BESIDE: Final = 0.1
_BEGIN: Final = 4
_LIKE: Final = 80  # Of 100: how like a known word a word must be to stand for it.
_SPARE: Final = 20  # Candidates more than asked, exact ones first, so that it is known whether one matches.
_UNIT: Final = 4
_MARGIN: Final = 12.0
_DECIDING: Final = ("prefLabel", "notation")


class Index:
    """The labels of things, from one or more tables; what several tables know is one thing.

    Arguments:
        tables: those whose names come first, first.

    """

    def __init__(self, *tables: LabelTable) -> None:
        self.tables = tables
        self.size = sum(table.size for table in tables)
        self._known_later: dict[int, frozenset[int]] = {len(tables) - 1: frozenset()}

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

        A compound of which nothing is known but its end is looked for by that: `laadpleinmonteur` by `monteur`.

        Arguments:
            text: a job title, a skill, a code.
            wanted: what narrows the search.
            limit: how many at most.

        """
        wanted, asked = wanted or Wanted(), folded(text)
        return self._search(asked, wanted, limit) or self._by_end(asked, wanted, limit)

    def _by_end(self, asked: str, wanted: Wanted, limit: int) -> list[Candidate]:
        ends = compound_ends(asked.rpartition(" ")[2], self._begins_word)
        end = next((end for end in ends if end in self._words), "")
        return [
            replace(one, score=round(_BY_END * one.score, 2), features={**one.features, "exact": 0.0}, match=False)
            for one in self._search(end, wanted, limit)
        ]

    def _begins_word(self, text: str) -> bool:
        return any(table.is_begin(text) for table in self.tables)

    def _search(self, asked: str, wanted: Wanted, limit: int) -> list[Candidate]:
        best: dict[str, Candidate] = {}
        for candidate in self._scored(asked, wanted, limit) if asked else ():
            known = best.get(candidate.entry.iri)
            if known is None or candidate.score > known.score:
                best[candidate.entry.iri] = candidate
        return _matched(sorted(best.values(), key=lambda candidate: (-candidate.score, candidate.entry.iri)))[:limit]

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
        return [one for one in found if one.features["cover"]][:limit]

    def _elsewhere(self, at: int) -> frozenset[int]:
        """Return the numbers of the things of a table that a later one knows as well, with all their labels."""
        if at not in self._known_later:
            later = {iri for table in self.tables[at + 1 :] for iri, _ in table.iris()}
            self._known_later[at] = frozenset(number for iri, number in self.tables[at].iris() if iri in later)
        return self._known_later[at]

    def _scored(self, asked: str, wanted: Wanted, limit: int) -> Iterator[Candidate]:
        """Yield the things worth a closer look, from each table, with their features."""
        for at, table in enumerate(self.tables):
            spans = table.spans(wanted)
            parts = self._parts(table, asked)
            similar = {part: _similar(table, part) for part in parts}
            rarity = self._rarity({like for those in similar.values() for like in those})
            rarity |= {
                part: max(map(rarity.__getitem__, those)) for part, those in similar.items() if part not in those
            }
            things = _near(table, similar, rarity, spans) | {each.thing for each in table.exact(asked, spans)}
            labels: defaultdict[int, list[Found]] = defaultdict(list)
            for each in table.labels_of(things - self._elsewhere(at), spans):
                labels[each.thing].append(each)
            texts = _texts(table, (each.text for those in labels.values() for each in those))
            rarity |= self._rarity({part for text in texts.values() for part in text.parts} - rarity.keys())
            query = Query(Text(asked, parts), similar, rarity, _translations(table, parts, wanted, spans))
            yield from self._candidates(table, query, labels, texts, wanted, limit)

    def _candidates(
        self,
        table: LabelTable,
        query: Query,
        labels: Mapping[int, list[Found]],
        texts: Mapping[str, Text],
        wanted: Wanted,
        limit: int,
    ) -> Iterator[Candidate]:
        groups = table.groups(labels)
        named = table.names({group for those in groups.values() for group in those}, wanted.lang)
        other = table.names(labels, _other(wanted.lang)) if wanted.lang else {}
        nothing: frozenset[str] = frozenset()
        scored = []
        for thing, those in labels.items():
            compared = [(texts[each.text], each.label.kind == "prefLabel") for each in those]
            group = nothing.union(*(named.get(number, nothing) for number in groups[thing]))
            found = features(query, compared, group, other.get(thing, nothing))
            is_exact = any(each.text == query.text.text for each in those)
            scored.append((not is_exact, -score(found), thing, found))
        ranked = sorted(scored, key=lambda row: row[:3])
        for _, _, thing, found in ranked if wanted.isco else ranked[: limit + _SPARE]:
            if entry := self.get(table.entry(thing).iri):
                yield _candidate(query, entry, labels[thing], found, wanted)

    def _parts(self, table: LabelTable, text: str) -> tuple[str, ...]:
        """Return the parts of a text; a word of which no part is known counts as the known one spelled most like it."""
        words = table.words(telling(text))
        known = table.counted({part for _, parts in words.values() for part in parts})
        parts: list[str] = []
        for word in telling(text):
            like = None
            if not known.keys() & set(words[word][1]):
                like = process.extractOne(
                    word, self._words.keys(), scorer=fuzz.ratio, processor=None, score_cutoff=_LIKE
                )
            parts += self._words[like[0]] if like else words[word][1]
        return tuple(parts)

    @cached_property
    def _words(self) -> dict[str, tuple[str, ...]]:
        return {word: parts for table in reversed(self.tables) for word, parts in table.words_with_parts()}

    def _rarity(self, parts: Collection[str]) -> dict[str, float]:
        """Return how rare parts are among all labels."""
        counts: Counter[str] = Counter()
        for table in self.tables:
            counts.update(table.counted(parts))
        return {part: math.log(1 + self.size / max(counts[part], 1)) for part in parts}


def _merged(one: Entry, other: Entry) -> Entry:
    """Return what two tables say of one thing, each label once."""
    types, labels = dict.fromkeys((*one.types, *other.types)), dict.fromkeys((*one.labels, *other.labels))
    return replace(one, types=tuple(types), labels=tuple(labels), isco=tuple(dict.fromkeys((*one.isco, *other.isco))))


def _texts(table: LabelTable, texts: Iterable[str]) -> dict[str, Text]:
    told = {text: telling(text) for text in texts}
    words = table.words(word for those in told.values() for word in those)
    return {text: Text(text, tuple(part for word in those for part in words[word][1])) for text, those in told.items()}


def _similar(table: LabelTable, part: str) -> dict[str, float]:
    """Return the parts like one by their beginning."""
    near = {other: likeness(part, other) for other in table.beginning(part[:_BEGIN])}
    return {other: share for other, share in near.items() if share} or {part: 1.0}


def _near(table: LabelTable, similar: Similar, rarity: Mapping[str, float], spans: Spans) -> set[int]:
    """Return the things whose labels share the rarest parts with a text, or have parts like them."""
    weights: Counter[int] = Counter()
    for part, likes in similar.items():
        best: dict[int, float] = {}
        for like, share in sorted(likes.items(), key=lambda item: item[1]):
            best.update(dict.fromkeys(table.things(like, spans), share))
        for thing, share in best.items():
            weights[thing] += rarity[part] * share  # type: ignore[assignment]
    return {thing for thing, _ in weights.most_common(_THINGS)}


def _translations(table: LabelTable, parts: Iterable[str], wanted: Wanted, spans: Spans) -> dict[str, dict[str, float]]:
    """Return which parts of names in the other language stand beside each part, and how much more often than others."""
    beside = {}
    for part in set(parts) if wanted.lang else ():
        things = sorted(table.things(part, spans))
        sample = things[:: max(1, len(things) // _SAMPLE)]
        lang = _other(wanted.lang)
        counts = Counter(other for those in table.names(sample, lang).values() for other in those)
        counts = Counter({other: count for other, count in counts.items() if count > 1})
        named = table.names_holding(counts, lang, wanted)
        times = _SURE * len(things) / max(len(sample), 1)
        shares = {other: times * count / math.sqrt(len(things) * named[other]) for other, count in counts.items()}
        beside[part] = {part: 1.0} | {other: min(share, 1.0) for other, share in shares.items() if share > _BESIDE}
    return beside


def _other(lang: str) -> str:
    return next(other for other in LANGUAGES if other != lang)


def _candidate(
    query: Query, entry: Entry, labels: Sequence[Found], found: Mapping[str, float], wanted: Wanted
) -> Candidate:
    exact = [each for each in labels if each.text == query.text.text]
    best = min(exact or labels, key=lambda each: _distance(query, each))
    points = 100.0 if exact and best.label.kind in _DECIDING else _INEXACT * score(found)
    told = {"exact": float(bool(exact)), "altLabel": float(best.label.kind == "altLabel"), **found}
    if wanted.isco:
        told["isco"] = max((_agreement(wanted.isco, code) for code in entry.isco), default=0.0)
        points = (1 - _ISCO_SHARE) * points + 100 * _ISCO_SHARE * told["isco"]
    rounded = {name: round(value, 3) for name, value in told.items()}
    return Candidate(entry, best.label, round(points, 2), rounded)


def _distance(query: Query, found: Found) -> tuple[float, bool, int]:
    return -fuzz.token_sort_ratio(query.text.text, found.text), found.label.kind not in _DECIDING, found.number


def _agreement(wanted: str, code: str) -> float:
    """Return the share of the digits wanted with which a code begins."""
    same = next((at for at, (one, other) in enumerate(zip(wanted, code, strict=False)) if one != other), None)
    shared = min(len(wanted), len(code)) if same is None else same
    return shared / min(_UNIT, len(wanted))


def _matched(candidates: list[Candidate]) -> list[Candidate]:
    """Mark the one thing with exactly this name or code, or with this other name where nothing else comes near.

    Where several have the name, none is.
    """
    exact = [item for item in candidates if item.features["exact"] and item.features.get("isco", 1.0) == 1.0]
    deciding = [item for item in exact if item.label.kind in _DECIDING]
    if not deciding and len(exact) == 1 and exact[0] is candidates[0]:
        deciding = exact if all(exact[0].score - item.score >= _MARGIN for item in candidates[1:2]) else []
    if len(deciding) != 1 or _is_doubtful(deciding[0]):
        return candidates
    return [replace(deciding[0], match=True), *(item for item in candidates if item is not deciding[0])]


def _is_doubtful(candidate: Candidate) -> bool:
    """Return whether neither the ISCO group of a thing of others nor its name in the other language agrees."""
    agreeing = (candidate.features.get(name, 1.0) for name in ("group", "translated"))
    return not candidate.entry.iri.startswith(BASE) and not any(agreeing)
