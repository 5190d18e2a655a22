"""Dutch as printed: words with their endings taken off, and numbers in digits or words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?(?![\d])")
_DOUBLE_VOWEL: Final = re.compile(r"([aeou])\1(?=[^\W\daeiou](?:[^\W\daeiou])*$)")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_HANGING: Final = re.compile(r"(\w+)-\s+(?:en|of)\s+([\w-]+)")
_LONGEST_NAME: Final = 16
_SHORTEST: Final = 3
_SOFT: Final = {"v": "f", "z": "s"}

_CARDINALS: Final = [
    "nul",
    "een",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zes",
    "zeven",
    "acht",
    "negen",
    "tien",
    "elf",
    "twaalf",
    "dertien",
    "veertien",
    "vijftien",
]
_ORDINALS: Final = [
    "nulde",
    "eerste",
    "tweede",
    "derde",
    "vierde",
    "vijfde",
    "zesde",
    "zevende",
    "achtste",
    "negende",
    "tiende",
    "elfde",
    "twaalfde",
]
_NUMERALS: Final = {word: str(value) for words in (_CARDINALS, _ORDINALS) for value, word in enumerate(words)}
_FRACTIONS: Final = {"helft": Decimal(50), "kwart": Decimal(25)}  # As percentages, which is how figures hold them.
_MULTIPLES: Final = {"duizend": 10**3, "miljoen": 10**6, "miljard": 10**9}
_COLLECTIVE: Final = "tal"


def words(text: str) -> list[str]:
    """Return the words of a text, without case, accents on é and punctuation.

    >>> words("CO₂-heffing: één van 2,5")
    ['co2', 'heffing', 'een', 'van', '2', '5']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("é", "e"))


@cache
def stem(word: str) -> str:
    """Return a word of `words` without plural or inflection (-e -en -s), numerals as digits.

    >>> [stem(word) for word in ("bedrijven", "bedrijf", "processen", "proces", "technologen", "technoloog", "tweede")]
    ['bedrijf', 'bedrijf', 'proc', 'proc', 'technolog', 'technolog', '2']
    """
    if word in _NUMERALS:
        return _NUMERALS[word]
    if any(character.isdigit() for character in word):
        return word
    shorter = _strip(word)
    while shorter != word:
        word, shorter = shorter, _strip(shorter)
    return word


def _strip(word: str) -> str:
    for ending in ("en", "e", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word.removesuffix(ending)
            break
    if len(word) > _SHORTEST and word[-1] == word[-2]:
        word = word[:-1]
    return _DOUBLE_VOWEL.sub(r"\1", word[:-1] + _SOFT.get(word[-1], word[-1]))


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, in order."""
    return [stem(word) for word in words(text)]


@cache
def key(name: str) -> str:
    """Return the words of a name as `runs` holds them.

    >>> key("Elektrische installaties") in runs("een elektrische installatie")
    True
    """
    return "".join(stems(name))


def runs(text: str) -> frozenset[str]:
    """Return all runs of words of a text, each as one joined string of stems.

    What a text leaves out is there too: the second half of a contracted word, and the year that `het jaar ervoor` is.

    >>> sorted(runs("zonne- en windenergie") & {"zonneenergi", "windenergi", "zonneenwindenergi"})
    ['windenergi', 'zonneenergi']
    >>> "2021" in runs("8% minder in 2022 dan het jaar ervoor")
    True
    """
    parts = stems(text)
    spans = ((begin, end) for begin in range(len(parts)) for end in range(begin + 1, begin + _LONGEST_NAME + 1))
    joined = {"".join(parts[begin:end]) for begin, end in spans if end <= len(parts)}
    return frozenset((*joined, *_contracted(text), *_before(parts)))


def _contracted(text: str) -> Iterator[str]:
    for match in _HANGING.finditer(text):
        first, second = match.groups()
        for begin in range(len(second) - _SHORTEST):
            yield "".join(stems(f"{first}-{second[begin:]}"))
            yield "".join(stems(first + second[begin:]))


def _before(parts: Sequence[str]) -> Iterator[str]:
    if any(pair == ("jar", "ervor") for pair in pairwise(parts)):
        yield from (str(int(part) - 1) for part in parts if _YEAR.fullmatch(part))


def numbers(text: str) -> set[Decimal]:
    """Return the numbers that a text prints, in digits (51.000 and 2,5) or in words; a half is 50, as a percentage.

    >>> sorted(numbers("ruim 51.000, 2,5 Mton en twaalf bedrijven: de helft"))
    [Decimal('2.5'), Decimal('12'), Decimal('50'), Decimal('51000')]
    """
    return set(_numbers(text))


def _numbers(text: str) -> Iterator[Decimal]:
    for match in _NUMBER.finditer(text):
        value = Decimal(match.group().replace(".", "").replace(",", "."))
        following = words(text[match.end() : match.end() + 12])[:1]
        yield value
        yield from (value * _MULTIPLES[word] for word in following if word in _MULTIPLES)
    for word in words(text):
        plain = word.removesuffix(_COLLECTIVE)
        if plain in _NUMERALS:
            yield Decimal(_NUMERALS[plain])
        if word in _FRACTIONS:
            yield _FRACTIONS[word]
