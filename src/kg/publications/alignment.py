"""Passages found in a rendition of their text whose lines break elsewhere: by their hash, first and last words.

A PDF or a page of the web prints a text with other lines, hyphens at their ends, footnote marks as plain digits, other
quotes, and page numbers or notes within a sentence. Where print is ambiguous each likely reading is tried; only what
has the hash of a passage, in normal form v1 (data/README.md), is that passage.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, combinations, islice, pairwise, product
from typing import Final

from kg.publications.passages import Passage, normal_form, sha256, without_links

_LONGEST: Final = 120  # Words of a passage of which first and last words are known.
_LONGEST_LINE: Final = 60  # Words of another one.
_INTERRUPTED: Final = 400  # Words from its first to its last one, with what interrupts it.
_MOST_ENDS: Final = 6
_NOTE: Final = 15  # Lines within a page that may interrupt a passage.
_HEAD: Final = 4  # Lines at the top of a page before which the text does not go on.
_MOST_READINGS: Final = 1500  # Of a passage of which first and last words are known.
_MOST_UNCERTAIN: Final = 40  # Of another one, from one place to one other.

_SOFT_HYPHEN: Final = "\u2010"  # How a hyphen that only ends a line is kept until it is read.
_INVISIBLE: Final = re.compile("[\u200b-\u200d\u2060\ufeff]|[\u00ad\u2010](?=.)")
_LINE_END: Final = re.compile("[\u00ad\u2010]$")
_LIGATURE: Final = re.compile("[\ufb00-\ufb06]")
_GLUED: Final = re.compile(r"(?<=[^\W\d_][.!?:]\d|[%)][.!?:]\d)\d{0,2}(?=[A-ZÀ-Þ])|(?<=[A-Z]{2}\d)(?=[(]|[a-z]{2})")
_MARK: Final = re.compile(r"[\W_]+|\d{1,3}")
_FORMULA: Final = re.compile(r"[A-Z]\d$")
_SENTENCE_END: Final = re.compile("[.!?:;]['\")\u2019\u201d]*\\d{0,3}$")
_QUOTES: Final = str.maketrans("\u2018\u2019\u201a\u201b\u00b4\u201c\u201d\u201e\u201f", "'''''\"\"\"\"")
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_CONJUNCTIONS: Final = ("en", "of", "and", "or")

# What a word may be read as instead, and whether that is likelier than what is printed.
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str], bool]
_RULES: Final[tuple[_Rule, ...]] = (
    (re.compile("[\u2018-\u201f\u00b4]"), lambda match: match[0].translate(_QUOTES), True),
    (re.compile(r"(?<=[A-Z])\d(?![\d.,]*\d)"), lambda match: match[0].translate(_SUBSCRIPTS), True),
    (re.compile(r"(?<=[A-Za-zÀ-ÿ%)])([.,;:!?)'\"]+)\d{1,3}$"), lambda match: match[1], True),
    (re.compile(r"(?<=[a-zß-ÿ%])\d{1,3}(?=[.,;:!?)'\"]*$)"), lambda _: "", True),
    (re.compile(r"(?<=[A-Z)'\"])\d{1,3}(?=[.,;:!?)'\"]*$)"), lambda _: "", False),
    (re.compile(r"(?<=\d)([.,;:!?)]+)\d{1,2}$"), lambda match: match[1], False),
    (re.compile(r"^((?:19|20)\d\d)\d{1,2}(?=[.,;:!?)]*$)"), lambda match: match[1], False),
    (re.compile(r"^\d{1,3}(?=[^\W\d_]{2})"), lambda _: "", False),
    (re.compile(r"^\d{1,3}$"), lambda _: "", False),
    (re.compile("[\u2013\u2014\u2212]"), lambda _: "-", False),
    (re.compile(r"^-$"), lambda _: "\u2013", False),
    (re.compile(r"…"), lambda _: "...", False),
)

_Choice = tuple[str, ...]  # The readings of a word, the likeliest first.


@lru_cache(maxsize=65536)
def readings(word: str) -> _Choice:
    """Return what a printed word may stand for in normal form, the likeliest first.

    >>> readings("landgebruik.1"), readings("CO2-uitstoot")
    (('landgebruik.', 'landgebruik.1'), ('CO₂-uitstoot', 'CO2-uitstoot'))
    """
    found = [word]
    for pattern, replacement, likely in _RULES:
        others = [other for text in found if (other := pattern.sub(replacement, text)) != text]
        found = others + found if likely else found + others
    return tuple(dict.fromkeys(found))


class Rendition:
    """The words of a rendition in reading order, with the lines and pages on which they stand.

    Arguments:
        pages: their lines; what interrupts the text, such as footnotes, may stand in them.

    """

    def __init__(self, pages: Iterable[Iterable[str]]) -> None:
        lines = ((number, line) for number, page in enumerate(pages) for line in _without_links(page))
        rows = [(number, row) for number, line in lines if (row := _clean(line).split())]
        self._words = [word for _, row in rows for word in row]
        self._line = [number for number, (_, row) in enumerate(rows) for _ in row]
        self._page = [number for number, _ in rows]
        self._begins = list(accumulate((len(row) for _, row in rows), initial=0))
        self._known = {word.casefold() for word in self._words}
        self._units: list[tuple[range, _Choice]] = list(self._joined_words())
        self._unit = {place: number for number, (places, _) in enumerate(self._units) for place in places}
        keys = [_key(readings(word)[0]) for word in self._words]
        self._key = "".join(keys)
        offsets = list(accumulate(map(len, keys), initial=0))
        self._first = {offset: place for place, offset in enumerate(offsets[:-1]) if keys[place]}
        self._last: dict[int, list[int]] = {}
        for place, offset in enumerate(offsets[1:]):  # A mark without letters ends where the word before it does.
            self._last.setdefault(offset, []).append(place)

    def count(self, passages: Iterable[Passage]) -> int:
        """Return how many passages are lines or sentences, each word read in its likeliest way: quick, and most."""
        return sum(passage.sha256 in self._likeliest for passage in passages)

    def find(self, passages: Iterable[Passage]) -> dict[str, tuple[int, str]]:
        """Return IRI to place and text of the passages that are there; of two with one text the first is found first.

        Arguments:
            passages: what is looked for, in the order of the text.

        """
        wanted: dict[str, list[Passage]] = {}
        for passage in passages:
            wanted.setdefault(passage.sha256, []).append(passage)
        found = {digest: dict(self._likeliest.get(digest, {})) for digest in wanted}
        lacking = {digest: those[0] for digest, those in wanted.items() if len(found[digest]) < len(those)}
        for digest, passage in lacking.items():
            found[digest].update(self._by_ends(passage))
        lines = [digest for digest, passage in lacking.items() if not any(passage.ends)]
        for digest, start, text in self._hashed(self._line_starts, self._line_ends, deviations=2) if lines else ():
            if digest in lines:
                found[digest].setdefault(start, text)
        return {
            passage.iri: match
            for digest, those in wanted.items()
            for passage, match in zip(those, sorted(found[digest].items()), strict=False)
        }

    # What runs from break to break: lines, and most sentences.

    @cached_property
    def _line_starts(self) -> set[int]:
        """Where lines begin, and what stands after bullets, numbers of footnotes and other marks there."""
        starts: set[int] = set()
        for begin, end in pairwise(self._begins):
            text = next((place for place in range(begin, end) if not _MARK.fullmatch(self._words[place])), begin)
            starts.update(range(begin, text + 1))
        return starts

    @cached_property
    def _line_ends(self) -> set[int]:
        return {begin - 1 for begin in self._begins[1:]}

    @cached_property
    def _sentence_starts(self) -> set[int]:
        after = {place + 1 for place, word in enumerate(self._words[:-1]) if _SENTENCE_END.search(word)}
        return self._line_starts | after | {place + 1 for place in after if self._words[place].isdigit()}

    @cached_property
    def _sentence_ends(self) -> set[int]:
        return self._line_ends | {place for place, word in enumerate(self._words) if _SENTENCE_END.search(word)}

    @cached_property
    def _likeliest(self) -> dict[str, dict[int, str]]:
        """Hash to place and text of what runs from break to break, each word read in its likeliest way."""
        found: dict[str, dict[int, str]] = {}
        for digest, start, text in self._hashed(self._sentence_starts, self._sentence_ends, deviations=0):
            found.setdefault(digest, {})[start] = text
        return found

    def _hashed(self, starts: Iterable[int], ends: set[int], deviations: int) -> Iterator[tuple[str, int, str]]:
        """Yield hash, place and text of what runs from a start to an end."""
        for start in starts:
            units = self._units[self._unit[start] : self._unit[start] + _LONGEST_LINE]
            choices = [choice for _, choice in units]
            for length, (places, _) in enumerate(units, 1):
                if places[-1] in ends:
                    for text in islice(_texts(choices[:length], deviations), _MOST_UNCERTAIN):
                        yield sha256(text), start, text

    # What first and last words enclose.

    def _by_ends(self, passage: Passage) -> dict[int, str]:
        """Return place and text of a passage of which first and last words are known, where it is found."""
        spans = list(self._spans(*passage.ends)) if all(passage.ends) else []
        for deviations in (1, 3):
            for search in (self._whole, self._interrupted):
                texts = ((start, text) for start, end in spans for text in search(start, end, deviations))
                for start, text in islice(texts, _MOST_READINGS):
                    if sha256(text) == passage.sha256:
                        return {start: text}
        return {}

    def _spans(self, first_words: str, last_words: str) -> Iterator[tuple[int, int]]:
        """Yield from where to where a passage with these ends may run."""
        first, last = _key(first_words), _key(last_words)
        starts = sorted(self._first[at] for at in _occurrences(self._key, first) if at in self._first)
        ends = sorted(place for at in _occurrences(self._key, last) for place in self._ending(at + len(last)))
        for start in starts:
            after = (end for end in ends if start <= end < start + _INTERRUPTED)
            yield from ((start, end) for end in islice(after, _MOST_ENDS))

    def _ending(self, offset: int) -> Iterator[int]:
        """Yield the places of words that end at an offset, or after it and the number of a footnote."""
        yield from self._last.get(offset, ())
        for digits in range(1, 4):
            if self._key[offset : offset + digits].isdigit():
                yield from self._last.get(offset + digits, ())

    def _whole(self, start: int, end: int, deviations: int) -> Iterator[str]:
        if end < start + _LONGEST:
            yield from _texts(self._choices(start, end), deviations)

    def _interrupted(self, start: int, end: int, deviations: int) -> Iterator[str]:
        """Yield the readings of a passage that whole lines interrupt: a page number, a head, footnotes, a caption."""
        for last, next_ in combinations(range(self._line[start], self._line[end] + 1), 2):
            begin, stop = self._begins[next_], self._begins[last + 1] - 1
            if self._may_interrupt(last + 1, next_) and stop - start + end - begin < _LONGEST and begin <= end:
                before, after = self._choices(start, stop), self._choices(begin, end)
                joint = self._joint(stop, begin)
                parts = [*before[:-1], joint, *after[1:]] if joint else [*before, *after]
                yield from _texts(parts, deviations - 1)

    def _may_interrupt(self, first: int, after: int) -> bool:
        """Return whether lines may be an interruption: some within a page, or all to the top of the next one."""
        if self._page[first - 1] == self._page[after]:
            return first < after <= first + _NOTE
        top = bisect_left(self._page, self._page[after])
        return first < after <= top + _HEAD and self._page[first - 1] == self._page[top - 1]

    # Words that the ends of lines part.

    def _choices(self, start: int, end: int) -> list[_Choice]:
        """Return the readings of what stands from one place to another."""
        first, last = self._unit[start], self._unit[end]
        choices = [choice for _, choice in self._units[first : last + 1]]
        if self._units[last][0][-1] != end:
            choices[-1] = readings(self._words[end])
        if self._units[first][0][0] != start:
            choices[0] = readings(self._words[start])
        return choices

    def _joined_words(self) -> Iterator[tuple[range, _Choice]]:
        """Yield the words with their readings; what the end of a line parts is one."""
        place, count = 0, len(self._words)
        while place < count:
            alone = self._begins[self._line[place] + 1] - self._begins[self._line[place]] == 1
            choice, end = readings(self._words[place]), place + 1
            if alone and choice[-1] == "":  # A footnote mark or page number that has a line of its own.
                choice = ("", *choice[:-1])
            while end < count and self._line[end] != self._line[end - 1]:
                joint = self._joint(end - 1, end, choice)
                if not joint:
                    break
                choice, end = joint, end + 1
            yield range(place, end), choice
            place = end

    def _joint(self, place: int, after: int, begun: _Choice = ()) -> _Choice:
        """Return what the words at two places may be together, where the end of a line parts one; else nothing.

        Arguments:
            place: of the word that ends a line.
            after: of the word that begins one.
            begun: the readings of what ends with the first of them.

        """
        word, rest = self._words[place], self._words[after]
        stems = begun or (word,)
        if _FORMULA.search(word) and rest[0] in "-).,;:":
            return tuple(reading for stem in stems for reading in dict.fromkeys((stem + rest, f"{stem} {rest}")))
        if (len(word) < 2 and not begun) or word[-1] not in ("-", _SOFT_HYPHEN) or not rest[0].isalnum():
            return ()
        forms = (form for stem in stems if stem for form in self._forms(stem, rest))
        return tuple(dict.fromkeys(reading for form in forms for reading in readings(form)))

    def _forms(self, part: str, rest: str) -> _Choice:
        """Return what a hyphenated word may be: one word, a compound, or two words of which the first is elided."""
        stem = part[:-1]
        whole, compound, elided = f"{stem}{rest}", f"{stem}-{rest}", f"{stem}- {rest}"
        if rest in _CONJUNCTIONS:
            return elided, whole, compound
        marked = stem[-1:].isdigit() or stem[-1:].isupper() or not rest[0].islower()
        if part[-1] == "-" and (marked or compound.casefold() in self._known):
            return compound, whole, elided
        return whole, compound, elided


def _texts(choices: Sequence[_Choice], deviations: int) -> Iterator[str]:
    """Yield the readings of words with at most so many unlikely ones, the likeliest first."""
    likeliest = [choice[0] for choice in choices]
    unsure = [number for number, choice in enumerate(choices) if len(choice) > 1]
    for count in range(min(deviations, len(unsure)) + 1):
        for numbers in combinations(unsure, count):
            for others in product(*(choices[number][1:] for number in numbers)):
                words = likeliest.copy()
                for number, other in zip(numbers, others, strict=True):
                    words[number] = other
                yield " ".join(filter(None, words))


def _without_links(page: Iterable[str]) -> list[str]:
    return without_links("\n".join(page)).split("\n")


def _clean(line: str) -> str:
    """Return a line in normal form, without characters that print does not show; a soft hyphen stays at its end."""
    text = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), line.rstrip())
    text = _LINE_END.sub(_SOFT_HYPHEN, _INVISIBLE.sub("", text))
    return normal_form(_GLUED.sub(lambda match: f"{match[0]} ", text))


def _key(words: str) -> str:
    """Return letters and digits alone, by which words are found however they are printed."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", words).casefold()))


def _occurrences(text: str, part: str) -> Iterator[int]:
    at = text.find(part) if part else -1
    while at >= 0:
        yield at
        at = text.find(part, at + 1)
