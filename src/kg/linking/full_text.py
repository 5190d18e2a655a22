"""What a site has to show, by the words people use for it: stems, parts of compounds and synonyms, the best first.

SQLite's FTS5 is not used: its rank cannot let a synonym, a part of a compound or a word of a description count less
than a name, and some two thousand short texts need no library to be fast.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from statistics import median
from typing import Final

from rapidfuzz import fuzz, process

from kg.dutch import stem
from kg.linking.compounds import Splitter, folded, telling
from kg.linking.scoring import likeness

_PART: Final = 0.75  # Of a word: a part of a compound.
_LIKE: Final = 0.7  # Of a word: one that begins like it.
_SYNONYM: Final = 0.8  # Of a text: the same with a synonym in it.
_ASIDE: Final = 0.6  # Of a name: a word that only another name or the description holds.
_FULL: Final = 0.4  # What it counts that a name holds nothing else.
_OTHER: Final = 0.95  # Of the preferred name: another.
_FOREIGN: Final = 0.9  # Of a name: one in another language than that of the page.
_HALF: Final = 0.5  # Of a word or phrase: what a text must hold more of.
_APPEARS: Final = 0.2  # What it counts that a name holds nothing else, where some of many words are looked for.
_COUNTED: Final = 0.15  # The weight of a document from which on it makes its words common.
_SHORT: Final = 0.3  # Of a word: a letter or digit that stands alone.
_LEAST: Final = 0.42  # Of what is asked, in rarity: what a document must hold.
_SHARE: Final = 0.45  # Of the best score: what has less is not worth a line.
_EXACT: Final = 2.0  # The score of what is called so, of what is in another form or order, and in one word or several.
_REORDERED: Final = 1.7
_APART: Final = 1.5
_WITHIN: Final = 0.75  # The score of a name that holds nothing but words that are asked, if they were all.
_MANY: Final = 3  # Words that are asked of which some say what is wanted, others what of it; of fewer, the rarer does.
_MOST: Final = 0.5
_PHRASE: Final = 1.1  # The score of a name that holds the words one after another.
_FEWER: Final = -1.5  # The more words are asked, the less it counts of what kind a document is.
_BEGIN: Final = 4
_VARIANTS: Final = 12
_KNOWN: Final = 8192
_NEAREST: Final = 82  # Of 100: how like a known word a word must be to be taken for it.
_LETTERS: Final = 2  # How many more or fewer letters a misspelt word may have.
_LONG: Final = 6
_SHORTEST: Final = 4  # Letters of a word that may be misspelt.
_NOUN: Final = "ing"  # besparen, besparing
_GENITIVE: Final = re.compile("['\u2019]s\\b")
_GRAMMAR: Final = frozenset(
    """aan als bij dat die doet door er heb hebben heeft hoe hoeveel is naar niet nodig of om omdat te tot uit wat we
    welk welke wie wij worden wordt zijn
    an are as at because by do does from has have how is it many much need needs of on or that there we what which
    who""".split()  # noqa: SIM905
)
_ASKING: Final = frozenset(
    """bestaan deze dit gaat genoemd gevraagd heet heten hun kan moet moeten noemen noemt tellen telt volgens waar
    waarom waarvoor wanneer waren was werd werden zal zeggen zegt zich zou zullen
    about according asked been called came can come comes could did exist exists had its must say says should than
    their these they this those was were when where why will would""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Document:
    """Something that can be found.

    Attributes:
        key: names it.
        names: what it is called, each with its language tag or nothing.
        others: other names and codes, likewise.
        text: what else is said of it.
        weight: what its score is multiplied by, the less so the more words are asked; 0 is for `covering` alone.

    """

    key: str
    names: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...] = ()
    text: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Match:
    """A document that was found: its key, its score, whether it is called so, and the name by which it was found."""

    key: str
    score: float
    exact: bool
    name: str


Stems = Mapping[str, float]  # Those of words 1, of parts of compounds less.
Ways = Sequence[tuple[float, Sequence[Stems]]]  # Ways to hold a word: a share, and of each of these one must be held.


@dataclass(frozen=True)
class Unit:
    """A word or phrase that is asked.

    Attributes:
        text: as it was asked.
        rarity: the more, the fewer texts hold it; of what none holds, what is usual among the others.
        variants: itself and its synonyms, each with a share and the ways to hold each of its words.

    """

    text: str
    rarity: float
    variants: Sequence[tuple[float, Sequence[Ways]]]

    @property
    def parts(self) -> Iterator[str]:
        """The stems of which a text that holds it has some."""
        return (part for _, words in self.variants for ways in words for part in _parts_of(ways))

    def cover(self, stems: Stems) -> float:
        """Return how far a text with some stems holds it; nothing where it holds it by half or less."""
        most = max(share * min(_cover(ways, stems) for ways in words) for share, words in self.variants)
        return most if most > _HALF else 0.0


@dataclass(frozen=True)
class Held:
    """A document that holds some of what is asked.

    Attributes:
        key: names it.
        score: how much it holds, in rarity.
        units: the words and phrases that it holds.
        named: whether all words of one of its names are asked.

    """

    key: str
    score: float
    units: frozenset[str]
    named: bool


@dataclass(frozen=True)
class _Name:
    """A name of a document, by its number; `words` counts those that tell something."""

    document: int
    text: str
    lang: str
    folded: str
    stems: Stems
    words: int
    weight: float

    @cached_property
    def in_order(self) -> str:
        """Its stems in their order, each between spaces."""
        return _in_order(self.folded)


@dataclass(frozen=True)
class _Word:
    """A word of what is looked for: how rare it is, and how far each name and each text holds it, by their numbers."""

    rarity: float
    names: Mapping[int, float]
    bodies: Mapping[int, float]


@dataclass(frozen=True)
class _Asked:
    """What is looked for: a folded text, its words, and its share."""

    text: str
    words: Sequence[_Word]
    share: float

    def held(self, covers: Iterable[float]) -> float:
        """Return how much is held, rare words counting more; of many words most must be."""
        share = self.part(covers)
        return share ** max(1.0, len(self.words) / 2) if share >= _LEAST * _ASIDE else 0.0

    def part(self, covers: Iterable[float]) -> float:
        """Return the part that is held, in rarity."""
        whole = sum(word.rarity for word in self.words) or 1.0
        return sum(one * word.rarity for one, word in zip(covers, self.words, strict=True)) / whole


class FullText:
    """Documents by the words of their names and texts.

    Arguments:
        documents: any number; of equal ones the first is the better.
        synonyms: rings of words and phrases that stand for one another.

    """

    def __init__(self, documents: Iterable[Document], synonyms: Iterable[Iterable[str]] = ()) -> None:
        self._documents = list(documents)
        self._count = sum(document.weight >= _COUNTED for document in self._documents)
        told = ((*(text for text, _ in (*one.names, *one.others)), one.text) for one in self._documents)
        texts = [_folded(text) for those in told for text in those]
        self._words = sorted({word for text in texts for word in text.split()})
        known = {*self._words, *(stem(word) for word in self._words)}
        self._splitter = Splitter((), lambda word: bool(known & _forms(word)))
        self._parts: Callable[[str], tuple[str, ...]] = lru_cache(_KNOWN)(self._splitter.stems)
        self._names: list[_Name] = []
        self._bodies: list[Stems] = []
        self._first: dict[int, int] = {}  # Document to its first name, by their numbers.
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        self._told: defaultdict[str, set[int]] = defaultdict(set)
        self._common: defaultdict[str, int] = defaultdict(int)
        for number, document in enumerate(self._documents):
            self._add(number, document)
        self._begins: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted({*self._named, *self._told}):
            self._begins[word[:_BEGIN]].append(word)
        self._rings = [{tuple(_stems(_folded(label))): _folded(label) for label in ring} for ring in synonyms]

    def _add(self, number: int, document: Document) -> None:
        self._first |= {number: len(self._names)} if document.names else {}
        for at, (text, lang) in enumerate((*document.names, *document.others)):
            plain = _folded(text)
            words = _telling(plain)
            stems = self._stems_of(words)
            for part in stems:
                self._named[part].add(len(self._names))
                self._common[part] += document.weight >= _COUNTED
            weight = 1.0 if at < len(document.names) else _OTHER
            self._names.append(_Name(number, text, lang, plain, stems, len(words), weight))
        self._bodies.append(body := self._stems_of(_telling(_folded(document.text))))
        for part in body:
            self._told[part].add(number)
            self._common[part] += document.weight >= _COUNTED

    def _stems_of(self, words: Sequence[str]) -> Stems:
        return {part: _PART for word in words for part in self._parts(word)} | dict.fromkeys(_stems(words), 1.0)

    def search(self, text: str, lang: str, prefix: bool = False, cut: float = _SHARE) -> list[Match]:
        """Return what is called so or holds most of the words, best first.

        Arguments:
            text: what somebody looks for.
            lang: language of the page.
            prefix: whether its last word may be the beginning of one.
            cut: part of the best score, below which nothing is returned.

        """
        plain = _folded(text)
        power = len(_telling(plain)) ** _FEWER if plain else 1.0
        best: dict[int, Match] = {}
        known: dict[tuple[str, bool], _Word] = {}  # Variants share most of their words.
        for variant, share in self._variants(plain).items():
            asked = self._asked(variant, share, prefix and share == 1.0, known)
            for number, match in self._found(asked, lang):
                score = match.score * share * self._documents[number].weight ** power
                if score and (number not in best or score > best[number].score):
                    best[number] = replace(match, score=score)
        ordered = sorted(best.items(), key=lambda item: (-round(item[1].score, 3), item[0]))
        least = cut * min(ordered[0][1].score, 1.0) if ordered else 0.0
        return [match for _, match in ordered if match.score >= least]

    def covering(self, text: str, lang: str) -> tuple[list[Held], list[Unit]]:
        """Return what holds some of the words, that which holds most of them first, and the words and phrases.

        Arguments:
            text: a question or some words.
            lang: language of the page.

        """
        units = [self._unit(unit) for unit in self._units(_folded(text))]
        held = [self._held(unit.cover, unit.parts) for unit in units]
        usual = median([unit.rarity for unit, found in zip(units, held, strict=True) if any(found)] or [1.0])
        units = [unit if any(found) else replace(unit, rarity=usual) for unit, found in zip(units, held, strict=True)]
        whole = sum(unit.rarity for unit in units) or 1.0
        aside: defaultdict[int, dict[str, float]] = defaultdict(dict)
        for unit, (by_name, by_body) in zip(units, held, strict=True):
            for number in (*by_body, *(self._names[at].document for at in by_name)):
                aside[number][unit.text] = _ASIDE
        best: dict[int, Held] = {}
        for at in {
            *(at for by_name, _ in held for at in by_name),
            *(self._first[number] for number in aside if number in self._first),
        }:
            name = self._names[at]
            own = {unit.text: by_name[at] for unit, (by_name, _) in zip(units, held, strict=True) if at in by_name}
            covers = aside[name.document] | own
            part = sum(unit.rarity * covers.get(unit.text, 0.0) for unit in units) / whole
            full = min(sum(cover * len(unit.split()) for unit, cover in own.items()) / name.words, 1.0)
            score = part * (1 - _APPEARS + _APPEARS * full) * (1.0 if name.lang in ("", lang) else _FOREIGN)
            if name.document not in best or score > best[name.document].score:
                key = self._documents[name.document].key
                best[name.document] = Held(key, score, frozenset(covers), full >= _OTHER)
        return [one for _, one in sorted(best.items(), key=lambda item: (-item[1].score, item[0]))], units

    def held_in(self, text: str, units: Iterable[Unit]) -> frozenset[str]:
        """Return which words and phrases a text holds."""
        stems = self._stems_of(_telling(_folded(text)))
        return frozenset(unit.text for unit in units if unit.cover(stems))

    def _units(self, text: str) -> list[str]:
        """Return the words of a folded text that tell something, and phrases of it that have synonyms, each once."""
        words, stems = text.split(), _stems(text)
        telling_words = set(_telling(text)) - _ASKING
        phrases = sorted({phrase for ring in self._rings for phrase in ring if len(phrase) > 1}, key=len, reverse=True)
        units: dict[str, None] = {}
        at = 0
        while at < len(words):
            length = next((len(one) for one in phrases if tuple(stems[at : at + len(one)]) == one), 1)
            if length > 1 or words[at] in telling_words:
                units[" ".join(words[at : at + length])] = None
            at += length
        return list(units)

    def _unit(self, text: str) -> Unit:
        variants = [
            (share, [self._ways(word, prefix=False) for word in _telling(variant)])
            for variant, share in self._variants(text).items()
        ]
        rarity = min(max(map(self._rarity, ways)) for _, ways in variants)
        return Unit(text, rarity * (1.0 if len(text) > 1 else _SHORT), variants)

    def nearest(self, text: str) -> str:
        """Return a text with each word that nothing holds replaced by its parts, or by the one spelled most like it."""
        return " ".join(self._nearest_word(word) for word in _folded(text).split())

    def _nearest_word(self, word: str) -> str:
        if len(word) < _SHORTEST or stem(word) in self._named or stem(word) in self._told:
            return word
        parts = self._splitter.split(word)
        if len(parts) > 1:
            return " ".join(parts)
        near = [other for other in self._words if abs(len(other) - len(word)) <= _LETTERS]
        like = process.extractOne(word, near, scorer=fuzz.ratio, processor=None, score_cutoff=_NEAREST)
        return like[0] if like else word

    def _variants(self, text: str) -> dict[str, float]:
        """Return a folded text as it is, and with synonyms in the place of words or phrases."""
        variants = {text: 1.0}
        for ring in self._rings:
            for variant, share in list(variants.items()):
                for new in islice(_replaced(variant, ring), _VARIANTS - len(variants)):
                    variants.setdefault(new, share * _SYNONYM)
        return variants

    def _asked(self, text: str, share: float, prefix: bool, known: dict[tuple[str, bool], _Word]) -> _Asked:
        words = _telling(text)
        keys = [(word, prefix and word is words[-1]) for word in words]
        for key in keys:
            if key not in known:
                known[key] = self._word(*key)
        return _Asked(text, [known[key] for key in keys], share)

    def _word(self, word: str, prefix: bool) -> _Word:
        ways = self._ways(word, prefix)
        names, bodies = self._held(lambda stems: _cover(ways, stems), _parts_of(ways))
        return _Word(self._rarity(ways) * (1.0 if len(word) > 1 else _SHORT), names, bodies)

    def _held(self, cover: Callable[[Stems], float], parts: Iterable[str]) -> tuple[dict[int, float], dict[int, float]]:
        """Return how far names and texts hold something, by their numbers: those that have one of its parts."""
        parts = set(parts)
        at_names = set().union(*(self._named.get(part, ()) for part in parts))
        at_texts = set().union(*(self._told.get(part, ()) for part in parts))
        names = {at: share for at in at_names if (share := cover(self._names[at].stems))}
        return names, {at: share for at in at_texts if (share := cover(self._bodies[at]))}

    def _ways(self, word: str, prefix: bool) -> Ways:
        """Return the ways in which a text may hold a word: itself, one that begins like it, or all of its parts."""
        own = stem(word)
        similar = {other: _likeness(own, other) for other in self._begins.get(own[:_BEGIN], ())}
        if prefix:
            begun = (
                other for begin, those in self._begins.items() if begin.startswith(word[:_BEGIN]) for other in those
            )
            similar |= {other: _PART for other in begun if other.startswith(word)}
        known = (form for form in _verb_forms(own) if form in self._named or form in self._told)
        whole = {other: like for other, like in similar.items() if like} | dict.fromkeys(known, _OTHER) | {own: 1.0}
        parts = self._parts(word)
        return [(1.0, [whole]), *([(_PART, [{part: 1.0} for part in parts])] if len(parts) > 1 else [])]

    def _rarity(self, ways: Ways) -> float:
        count = max(self._common.get(part, 0) for part in _parts_of(ways))
        return math.log(1 + self._count / (1 + count))

    def _found(self, asked: _Asked, lang: str) -> Iterator[tuple[int, Match]]:
        """Yield the documents that hold enough of what is asked, some by several names."""
        aside: dict[int, list[float]] = {}
        for number in set().union(*(word.bodies for word in asked.words)):
            aside[number] = [_ASIDE * word.bodies.get(number, 0.0) for word in asked.words]
        covers = {
            at: [word.names.get(at, 0.0) for word in asked.words]
            for at in set().union(*(word.names for word in asked.words))
        }
        for at, covered in covers.items():
            told = aside.get(self._names[at].document, [0.0] * len(covered))
            both = [max(one, _ASIDE * cover) for one, cover in zip(told, covered, strict=True)]
            aside[self._names[at].document] = both
        for at, covered in covers.items():
            name = self._names[at]
            held = asked.held(map(max, covered, aside[name.document]))
            within = self._within(asked, covered, name)
            if held or within:
                exact = asked.share == 1.0 and name.folded == asked.text
                full = held * (1 - _FULL + _FULL * min(sum(covered) / name.words, 1.0))
                score = max(full, within, self._called(asked, name))
                score *= name.weight * (1.0 if name.lang in ("", lang) else _FOREIGN)
                yield name.document, Match(self._documents[name.document].key, score, exact, name.text)
        for number, told in aside.items():
            if held := asked.held(told):
                yield number, Match(self._documents[number].key, held * (1 - _FULL), False, "")

    def _within(self, asked: _Asked, covered: Sequence[float], name: _Name) -> float:
        """Return the least score of a name of which all words are asked, where many are; else nothing."""
        part = asked.part(covered) if len(covered) > sum(covered) >= name.words else 0.0
        least = _LEAST * _ASIDE if len(covered) >= _MANY else _MOST
        return _WITHIN * part**0.5 * self._documents[name.document].weight if part >= least else 0.0

    def _called(self, asked: _Asked, name: _Name) -> float:
        """Return the least score of a name that is what is asked, or nearly; else nothing."""
        if asked.share < 1.0:
            return 0.0
        if name.folded == asked.text:
            return _EXACT
        if sorted(_stems(_telling(name.folded))) == sorted(_stems(_telling(asked.text))):
            return _REORDERED
        if self._all_parts(name.folded) == self._all_parts(asked.text):
            return _APART
        return _PHRASE if " " in asked.text and _in_order(asked.text) in name.in_order else 0.0

    def _all_parts(self, text: str) -> list[str]:
        return sorted(part for word in _telling(text) for part in self._parts(word))


def _cover(ways: Ways, stems: Stems) -> float:
    """Return how far a text with some stems holds a word."""
    return max(
        share * sum(max(like * stems.get(part, 0.0) for part, like in one.items()) for one in those) / len(those)
        for share, those in ways
    )


def _parts_of(ways: Ways) -> Iterator[str]:
    return (part for _, those in ways for one in those for part in one)


def _verb_forms(own: str) -> set[str]:
    """Return the stems of a verb and its noun, of which one is given: daald (daalde, gedaald), daalt, daling."""
    root = own.removesuffix(_NOUN) if own.endswith(_NOUN) else own[:-1] if own.endswith(("d", "t")) else ""
    roots = [each for each in (root, root.removeprefix("ge")) if len(each) >= _SHORTEST - 1]
    return {each + ending for each in roots for ending in ("d", "t", _NOUN)} - {own}


def _forms(word: str) -> set[str]:
    """Return a word, and of a long one its stem without and with its -ing: of short ones that is often another word."""
    own = stem(word)
    return {word, own, own.removesuffix(_NOUN)} if len(word) >= _LONG else {word}


def _likeness(own: str, other: str) -> float:
    """Return how like two stems are by their beginning; a verb and its noun on -ing are the same."""
    if _NOUN in (own.removeprefix(other), other.removeprefix(own)):
        return 1.0
    begun = (3 + len(own) / len(other)) / 4 if other.startswith(own) else 0.0
    return _LIKE * max(begun, likeness(own, other))


def _folded(text: str) -> str:
    return folded(_GENITIVE.sub("", text))


def _telling(text: str) -> list[str]:
    return [word for word in telling(text) if word not in _GRAMMAR] or text.split()


def _stems(words: str | Sequence[str]) -> list[str]:
    return [stem(word) for word in (words.split() if isinstance(words, str) else words)]


def _in_order(text: str) -> str:
    return f" {' '.join(_stems(text))} "


def _replaced(text: str, ring: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    """Yield a folded text with a word or phrase of a ring, the longest, replaced by each other of the ring."""
    words, stems = text.split(), _stems(text)
    for phrase in sorted(ring, key=len, reverse=True):
        for at in range(len(words) - len(phrase) + 1):
            if tuple(stems[at : at + len(phrase)]) == phrase:
                for other, label in ring.items():
                    if other != phrase:
                        yield " ".join([*words[:at], label, *words[at + len(phrase) :]])
                return
