"""Dutch as printed: words with their endings taken off, and numbers in digits or words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from kg.grammar import Grammar

_DOUBLE_VOWEL: Final = re.compile(r"([aeou])\1(?=[^\W\daeiou](?:[^\W\daeiou])*$)")
_LONG_VOWEL: Final = re.compile(r"(?<![aeiou])([aeou])(?=[^\W\daeiou]$)")
_SHORTEST: Final = 3
_PLURALS: Final = {
    "s": ("",),
    "en": ("",),
    "n": ("",),
    "ci": ("cus",),
    "lieden": ("man",),
    "lui": ("man",),
    "mannen": ("man",),
    "vrouwen": ("man",),
}
_FEMALE: Final = {
    "ster": ("er", "der"),
    "euse": ("eur",),
    "rice": ("eur",),
    "esse": ("is",),
    "ares": ("aar",),
    "in": ("",),
    "e": ("",),
    "vrouw": ("man",),
}
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
_TEENS: Final = {"zestien": 16, "zeventien": 17, "achttien": 18, "negentien": 19}
_TENS: Final = {
    "twintig": 20,
    "dertig": 30,
    "veertig": 40,
    "vijftig": 50,
    "zestig": 60,
    "zeventig": 70,
    "tachtig": 80,
    "negentig": 90,
}
_NUMERALS: Final = {word: value for words in (_CARDINALS, _ORDINALS) for value, word in enumerate(words)}
_MULTIPLES: Final = {"honderd": 100, "duizend": 10**3, "miljoen": 10**6, "miljard": 10**9}
_SIMPLE: Final = _NUMERALS | _TEENS | _TENS | _MULTIPLES
_COLLECTIVE: Final = "tal"
_AND: Final = re.compile("(?<=.)(?:en|ën)(?=.)")


def _strip(word: str) -> str:
    for ending in ("en", "e", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word.removesuffix(ending)
            break
    if len(word) > _SHORTEST and word[-1] == word[-2]:
        word = word[:-1]
    return _DOUBLE_VOWEL.sub(r"\1", word[:-1] + _SOFT.get(word[-1], word[-1]))


def _counted(word: str) -> int | None:
    """Return the number of a word that is no simple numeral: `twaalftal`, `vijfentwintig`, `zevenduizend`."""
    plain = word.removesuffix(_COLLECTIVE)
    if plain in _SIMPLE:
        return _SIMPLE[plain]
    for multiple in ("duizend", "honderd"):
        before, middle, after = plain.partition(multiple)
        if middle:
            times, rest = _counted(before), _counted(after) if after else 0
            return None if times is None or rest is None else times * _MULTIPLES[multiple] + rest
    return next((number for joint in _AND.finditer(plain) if (number := _ten_and_unit(plain, joint))), None)


def _ten_and_unit(word: str, joint: re.Match[str]) -> int:
    """Return the number of `vijfentwintig`, given where `en` stands; 0 where it is no number."""
    unit, ten = _NUMERALS.get(word[: joint.start()], 0), _TENS.get(word[joint.end() :], 0)
    return ten + unit if ten and 0 < unit < 10 else 0


DUTCH: Final = Grammar(
    numerals=_NUMERALS,
    counted=_counted,
    fractions={"helft": Decimal(50), "kwart": Decimal(25)},
    parts={"half": Decimal("0.5"), "anderhalf": Decimal("1.5"), "anderhalve": Decimal("1.5")},
    multiples=_MULTIPLES,
    thousands=".",
    point=",",
    strip=_strip,
    hanging=re.compile(r"(\w+)-\s+(?:en|of)\s+([\w-]+)"),
    shortest=_SHORTEST,
    year_before=("jar", "ervor"),
    joints=frozenset({"van", "tot", "en", "met"}),
    uncounted=frozenset({"een", "honderd", "duizend", "miljoen", "miljard", *_ORDINALS}),
)


def words(text: str) -> list[str]:
    """Return the words of a text, without case, accents on é and punctuation.

    >>> words("CO₂-heffing: één van 2,5")
    ['co2', 'heffing', 'een', 'van', '2', '5']
    """
    return DUTCH.words(text)


def stem(word: str) -> str:
    """Return a word of `words` without plural or inflection (-e -en -s), numerals as digits.

    >>> [stem(word) for word in ("bedrijven", "bedrijf", "processen", "proces", "technologen", "technoloog", "tweede")]
    ['bedrijf', 'bedrijf', 'proc', 'proc', 'technolog', 'technolog', '2']
    """
    return DUTCH.stem(word)


def base_forms(word: str) -> list[str]:
    """Return a word of `words` and what may be its singular or its form for men: some of them are no words.

    >>> base_forms("kapster")
    ['kapster', 'kaper', 'kapper', 'kapder']
    >>> "leraar" in base_forms("leraren"), "kok" in base_forms("kokkin"), "timmerman" in base_forms("timmerlieden")
    (True, True, True)
    """
    singulars = [word, *_changed(word, _PLURALS)]
    return list(dict.fromkeys((*singulars, *(form for one in singulars for form in _changed(one, _FEMALE)))))


def _changed(word: str, endings: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield a word with other endings, its last vowel and consonant spelled as an ending asks."""
    for ending, others in endings.items():
        before = word.removesuffix(ending)
        if len(before) < _SHORTEST or before == word:
            continue
        for other in others:
            yield before + other
            if other == "" and before[-1] == before[-2]:
                yield before[:-1]  # kokkin, kok
            elif other == "" and ending in ("en", "in"):
                yield _LONG_VOWEL.sub(r"\1\1", before[:-1] + _SOFT.get(before[-1], before[-1]))  # leraren, leraar
            elif other == "er":
                yield _DOUBLE_VOWEL.sub(r"\1", before) + other  # verkoopster, verkoper
                yield before + before[-1] + other  # kapster, kapper


def key(name: str) -> str:
    """Return the words of a name as `runs` holds them.

    >>> key("Elektrische installaties") in runs("een elektrische installatie")
    True
    """
    return DUTCH.key(name)


def runs(text: str) -> frozenset[str]:
    """Return all runs of words of a text, each as one joined string of stems.

    What a text leaves out is there too: the second half of a contracted word, and the year that `het jaar ervoor` is.

    >>> sorted(runs("zonne- en windenergie") & {"zonneenergi", "windenergi", "zonneenwindenergi"})
    ['windenergi', 'zonneenergi']
    >>> "2021" in runs("8% minder in 2022 dan het jaar ervoor")
    True
    """
    return DUTCH.runs(text)


def numbers(text: str) -> set[Decimal]:
    """Return the numbers that a text prints, in digits (51.000 and 2,5) or in words; a half is 50, as a percentage.

    >>> sorted(numbers("ruim 51.000, 2,5 Mton en twaalf bedrijven: de helft"))
    [Decimal('2.5'), Decimal('12'), Decimal('50'), Decimal('51000')]
    >>> sorted(numbers("zeven miljoen woningen, vijfentwintig wijken"))
    [Decimal('7'), Decimal('25'), Decimal('7000000')]
    """
    return DUTCH.numbers(text)
