"""The label index and its scorer: a text in, candidates with a score and the features that explain it out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rapidfuzz import fuzz, process

from kg.dutch import stem
from kg.linking.candidates import Candidate, Wanted
from kg.linking.compounds import Splitter, folded, telling, trigrams
from kg.linking.entries import Entry, Label

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
_BY_PART: Final = 120
_BY_LETTERS: Final = 60
_LEAST_LIKE: Final = 55
_UNIT: Final = 4
_DECIDING: Final = ("prefLabel", "notation")


@dataclass(frozen=True)
class _Known:
    entry: int
    label: Label
    text: str
    words: frozenset[str]
    parts: frozenset[str]


@dataclass
class Index:
    """The labels of things.

    Arguments:
        entries: the things.

    """

    entries: tuple[Entry, ...]
    _labels: list[_Known] = field(default_factory=list, repr=False)
    _texts: list[str] = field(default_factory=list, repr=False)
    _exact: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _posting: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _by_iri: dict[str, Entry] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Read all labels once."""
        texts = [
            (number, label, folded(label.text)) for number, entry in enumerate(self.entries) for label in entry.labels
        ]
        self._splitter = Splitter(text for _, _, text in texts)
        for entry, label, text in texts:
            known = _Known(entry, label, text, _stems(text), self._splitter.parts(text))
            number = len(self._labels)
            self._labels.append(known)
            self._texts.append(text)
            self._exact[text].append(number)
            for part in known.words | known.parts:
                self._posting[part].append(number)
        self._rare = {part: math.log(1 + len(self._labels) / len(numbers)) for part, numbers in self._posting.items()}
        self._rarest = math.log(1 + len(self._labels))
        self._by_iri.update((entry.iri, entry) for entry in self.entries)

    def get(self, iri: str) -> Entry | None:
        """Return the thing with an IRI, or None."""
        return self._by_iri.get(iri)

    def search(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return the candidates for a text, best first.

        Arguments:
            text: a job title, a skill, a code.
            wanted: what narrows the search.
            limit: how many at most.

        """
        wanted, asked = wanted or Wanted(), folded(text)
        if not asked:
            return []
        by_entry: defaultdict[int, list[Candidate]] = defaultdict(list)
        query = _Known(-1, Label(text, wanted.lang, ""), asked, _stems(asked), self._splitter.parts(asked))
        for number in self._near(query):
            known = self._labels[number]
            entry = self.entries[known.entry]
            if not wanted.fits(entry) or not (wanted.reads(known.label) or known.label.kind == "notation"):
                continue
            by_entry[known.entry].append(self._scored(query, known, entry, wanted))
        best = [_supported(labels, wanted) for labels in by_entry.values()]
        return _matched(sorted(best, key=lambda candidate: (-candidate.score, candidate.entry.iri)))[:limit]

    def begins(self, text: str, wanted: Wanted | None = None, limit: int = 10) -> list[Candidate]:
        """Return things with a label in which a word begins so, the shortest first; then what is merely like it."""
        wanted, asked = wanted or Wanted(), folded(text)
        ranks: dict[int, tuple[bool, int, Label]] = {}
        for known in self._labels:
            at = f" {known.text}".find(f" {asked}")
            if asked and at >= 0 and wanted.fits(self.entries[known.entry]) and wanted.reads(known.label):
                rank = (at > 0, len(known.text), known.label)
                if known.entry not in ranks or rank[:2] < ranks[known.entry][:2]:
                    ranks[known.entry] = rank
        ordered = sorted(ranks.items(), key=lambda item: (item[1][:2], self.entries[item[0]].iri))
        first = [Candidate(self.entries[number], rank[2], 100.0, {"prefix": 1.0}) for number, rank in ordered]
        seen = {candidate.entry.iri for candidate in first}
        more = self.search(text, wanted, limit) if len(first) < limit else []
        return [*first, *(candidate for candidate in more if candidate.entry.iri not in seen)][:limit]

    def _near(self, query: _Known) -> Iterable[int]:
        """Return the numbers of labels worth a closer look: exact, sharing rare words or parts, or like in letters."""
        weights: Counter[int] = Counter()
        for part in query.words | query.parts:
            for number in self._posting.get(part, ()):
                weights[number] += self._rare[part]  # type: ignore[assignment]
        by_part = (number for number, _ in weights.most_common(_BY_PART * 4))
        like = process.extract(
            query.text, self._texts, scorer=fuzz.ratio, processor=None, limit=_BY_LETTERS, score_cutoff=_LEAST_LIKE
        )
        return dict.fromkeys([*self._exact.get(query.text, ()), *by_part, *(number for _, _, number in like)])

    def _scored(self, query: _Known, known: _Known, entry: Entry, wanted: Wanted) -> Candidate:
        features = {
            "exact": float(known.text == query.text),
            "altLabel": float(known.label.kind == "altLabel"),
            "token": self._overlap(query.words, known.words),
            "compound": self._overlap(query.parts, known.parts),
            "cover": self._weight(query.parts & known.parts) / self._weight(query.parts),
            "ngram": _dice(trigrams(query.text), trigrams(known.text)),
            "fuzzy": fuzz.token_sort_ratio(query.text, known.text) / 100,
        }
        if features["exact"]:
            score = _EXACT[known.label.kind]
        else:
            score = _INEXACT * sum(weight * features[name] for name, weight in WEIGHTS.items())
            score *= 1.0 if known.label.kind == "prefLabel" else _OTHER_LABEL
        if wanted.isco:
            features["isco"] = max((_agreement(wanted.isco, code) for code in entry.isco), default=0.0)
            score = (1 - _ISCO_SHARE) * score + 100 * _ISCO_SHARE * features["isco"]
        rounded = {name: round(value, 3) for name, value in features.items()}
        return Candidate(entry, known.label, round(score, 2), rounded)

    def _overlap(self, first: frozenset[str], second: frozenset[str]) -> float:
        """Return twice the weight of what two sets share over the weight of both: rare words count more."""
        both = self._weight(first) + self._weight(second)
        return 2 * self._weight(first & second) / both if both else 0.0

    def _weight(self, parts: Iterable[str]) -> float:
        return sum(self._rare.get(part, self._rarest) for part in parts)


def _supported(labels: list[Candidate], wanted: Wanted) -> Candidate:
    """Return the best label of a thing; where it is not exact, the next best ones speak for the thing or against it."""
    ranked = sorted(labels, key=lambda candidate: -candidate.score)
    best = ranked[0]
    most = min(_NEAR, sum(wanted.reads(label) for label in best.entry.labels))
    support = sum(candidate.score for candidate in ranked[:most]) / most
    score = best.score if best.features["exact"] else (1 - _SUPPORT) * best.score + _SUPPORT * support
    return replace(best, score=round(score, 2), features={**best.features, "support": round(support / 100, 3)})


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in telling(text))


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
