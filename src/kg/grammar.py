"""How a language prints words and numbers: endings taken off, contractions written out, numbers in digits or words.

`kg.dutch` and `kg.english` each hold one `Grammar`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_HYPHENATED: Final = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_NEXT_WORD: Final = re.compile(r"\s+([^\W\d_]+)")
_LONGEST_NAME: Final = 16
_LOOKAHEAD: Final = 14  # Characters behind a number in digits: longer than any multiple.


@dataclass(frozen=True, eq=False)
class Grammar:
    """The rules of one language by which names and numbers are found in its texts.

    Attributes:
        numerals: words for whole numbers, cardinal and ordinal, which a stem holds as digits.
        counted: other words and compounds that print a number, such as `vijfentwintig`; takes a word of `words`.
        fractions: words for a share, as a percentage, which is how figures hold them.
        parts: words for a number that is not whole, such as `anderhalf`.
        multiples: words that multiply the number before them.
        thousands, point: separators of numbers in digits.
        strip: takes one ending off a word.
        hanging: pattern of a contracted pair, with its first half and its whole second word; None without such pairs.
        year_before: stems that after a year mean the year before it; empty without such words.
        joints: words with which labels of periods are put together.
        uncounted: words that are in `numerals` and mostly count nothing: ordinals, and `een`.

    """

    numerals: Mapping[str, int]
    counted: Callable[[str], int | None]
    fractions: Mapping[str, Decimal]
    parts: Mapping[str, Decimal]
    multiples: Mapping[str, int]
    thousands: str
    point: str
    strip: Callable[[str], str]
    hanging: re.Pattern[str] | None = None
    shortest: int = 3
    year_before: tuple[str, str] | None = None
    joints: frozenset[str] = frozenset()
    uncounted: frozenset[str] = frozenset()

    def words(self, text: str) -> list[str]:
        """Return the words of a text, without case, accents on é and punctuation."""
        return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("é", "e"))

    @cache  # noqa: B019  (there is one object a language, and it stays)
    def stem(self, word: str) -> str:
        """Return a word of `words` without plural or inflection, numerals as digits."""
        if word in self.numerals:
            return str(self.numerals[word])
        if any(character.isdigit() for character in word):
            return word
        shorter = self.strip(word)
        while shorter != word:
            word, shorter = shorter, self.strip(shorter)
        return word

    def tokens(self, text: str) -> list[tuple[str, int, int]]:
        """Return the stem of each word of a text, with where the word begins and ends."""
        return [("".join(self.stems(match.group())), *match.span()) for match in _WORD.finditer(text)]

    def stems(self, text: str) -> list[str]:
        """Return the stems of the words of a text, in order."""
        return [self.stem(word) for word in self.words(text)]

    @cache  # noqa: B019  (as above)
    def key(self, name: str) -> str:
        """Return the words of a name as `runs` holds them."""
        return "".join(self.stems(name))

    def runs(self, text: str) -> frozenset[str]:
        """Return all runs of words of a text, each as one joined string of stems; also of what the text contracts."""
        parts = self.stems(text)
        spans = ((begin, end) for begin in range(len(parts)) for end in range(begin + 1, begin + _LONGEST_NAME + 1))
        found = {"".join(parts[begin:end]) for begin, end in spans if end <= len(parts)}
        return frozenset((*found, *self.contracted(text), *self._before(parts)))

    def contracted(self, text: str) -> Iterator[str]:
        """Yield the names that the contracted pairs of a text may stand for, as `key` holds them."""
        for match in self.hanging.finditer(text) if self.hanging else ():
            first, second = match.groups()
            for begin in range(len(second) - self.shortest):
                yield "".join(self.stems(f"{first}-{second[begin:]}"))
                yield "".join(self.stems(first + second[begin:]))

    def _before(self, parts: Sequence[str]) -> Iterator[str]:
        if any(pair == self.year_before for pair in pairwise(parts)):
            yield from (str(int(part) - 1) for part in parts if _YEAR.fullmatch(part))

    def numbers(self, text: str) -> set[Decimal]:
        """Return the numbers that a text prints, in digits or words; a half is 50, as a percentage."""
        return set(self._numbers(text))

    def _numbers(self, text: str) -> Iterator[Decimal]:
        for match in self._digits.finditer(text):
            value = Decimal(match.group().replace(self.thousands, "").replace(self.point, "."))
            yield from self._multiplied(value, self.words(text[match.end() : match.end() + _LOOKAHEAD]))
        words = self.words(_HYPHENATED.sub(self._joined, text))
        for place, word in enumerate(words):
            number = self.parts.get(word, self.numerals.get(word, self.counted(word)))
            multiplies = word in self.multiples and self._is_number(words[place - 1]) if place else False
            if number is not None and not multiplies:
                yield from self._multiplied(Decimal(number), words[place + 1 :])
            if word in self.fractions:
                yield self.fractions[word]

    def quantities(self, text: str) -> Iterator[tuple[int, int, Decimal]]:
        """Yield where each number begins and ends and what it is, with the word that multiplies it: `1,5 miljoen`.

        Ordinals, and words that are articles too, are no quantities, save where another word multiplies them.
        """
        end = 0
        for match in self._spelled.finditer(text):
            number = self._quantity(match.group())
            if number is None or match.start() < end:
                continue
            following = _NEXT_WORD.match(text, match.end())
            times = self._times(following.group(1)) if following else None
            if following and times:
                number, end = number * times, following.end()
            elif match.group().casefold() in self.uncounted:
                continue
            else:
                end = match.end()
            yield match.start(), end, number

    def _times(self, word: str) -> Decimal | None:
        """Return by what a word multiplies the number before it: `miljoen`, and `kwart` in `drie kwart`."""
        word = word.casefold()
        times = self.multiples.get(word, self.fractions.get(word))
        return None if times is None else Decimal(times)

    def _quantity(self, printed: str) -> Decimal | None:
        """Return the number of a printed number or word, or None for another word."""
        if printed[0].isdecimal():
            return Decimal(printed.replace(self.thousands, "").replace(self.point, "."))
        word = "".join(self.words(printed))
        known = self.parts.get(word, self.fractions.get(word, self.numerals.get(word, self.counted(word))))
        return None if known is None else Decimal(known)

    def _joined(self, match: re.Match[str]) -> str:
        """Return a number in two words as one, without its hyphen; anything else as it is."""
        joined = match.group().replace("-", "")
        return match.group() if self.counted(joined.casefold()) is None else joined

    def _is_number(self, word: str) -> bool:
        return word.isdecimal() or word in self.parts or word in self.numerals or self.counted(word) is not None

    def _multiplied(self, value: Decimal, following: Sequence[str]) -> Iterator[Decimal]:
        """Yield a number, and what it is with the word that multiplies it: 7, and 7,000,000 in `7 million`."""
        yield value
        yield from (value * times for word in following[:1] if (times := self._times(word)) is not None)

    @cached_property
    def _spelled(self) -> re.Pattern[str]:
        return re.compile(rf"{self._digits.pattern}|(?<![^\W_])[^\W\d_]+(?:-[^\W\d_]+)*(?![^\W_])")

    @cached_property
    def _digits(self) -> re.Pattern[str]:
        thousands, point = re.escape(self.thousands), re.escape(self.point)
        return re.compile(rf"(?<![\d.,])(?:\d{{1,3}}(?:{thousands}\d{{3}})+|\d+)(?:{point}\d+)?(?![\d])")
