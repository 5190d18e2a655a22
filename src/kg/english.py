"""English as printed: words with their endings taken off, and numbers in digits or words.

>>> ENGLISH.key("heating companies") in ENGLISH.runs("A heating company")
True
>>> [ENGLISH.stem(word) for word in ("electricians", "boxes", "homes", "gas", "bus", "process")]
['electrician', 'box', 'home', 'gas', 'bus', 'process']
>>> sorted(ENGLISH.numbers("46,000 jobs, 2.5 years, seven million homes, twenty-five towns"))
[Decimal('2.5'), Decimal('7'), Decimal('25'), Decimal('46000'), Decimal('7000000')]
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kg.grammar import Grammar

_SHORTEST: Final = 3
_SIBILANT: Final = ("s", "x", "z", "ch", "sh")
_CARDINALS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ORDINALS: Final = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
_TENS: Final = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_NUMERALS: Final = {word: value for words in (_CARDINALS, _ORDINALS) for value, word in enumerate(words)}
_MULTIPLES: Final = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}


def _strip(word: str) -> str:
    """Return a word without its plural ending."""
    if len(word) <= _SHORTEST or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word.removesuffix("ies") + "y"
    return word[:-2] if word.endswith("es") and word[:-2].endswith(_SIBILANT) else word[:-1]


def _counted(word: str) -> int | None:
    """Return the number of a ten, of a multiple, or of a ten with a unit, written as one word."""
    if word in _TENS or word in _MULTIPLES:
        return (_TENS | _MULTIPLES)[word]
    pairs = ((ten, _NUMERALS.get(word.removeprefix(name), 0)) for name, ten in _TENS.items() if word.startswith(name))
    return next((ten + unit for ten, unit in pairs if 0 < unit < 10), None)


ENGLISH: Final = Grammar(
    numerals=_NUMERALS,
    counted=_counted,
    fractions={"half": Decimal(50), "quarter": Decimal(25)},
    parts={},
    multiples=_MULTIPLES,
    thousands=",",
    point=".",
    strip=_strip,
    year_before=("year", "earlier"),
    joints=frozenset({"to", "and", "from", "of", "the"}),
    uncounted=frozenset({"one", *_ORDINALS, *_MULTIPLES}),
)

_BASES: Final = {
    "s": ("",),
    "es": ("",),
    "ies": ("y",),
    "men": ("man",),
    "woman": ("man", ""),
    "women": ("man", ""),
    "ress": ("er", "or"),
    "ess": ("",),
}


def base_forms(word: str) -> list[str]:
    """Return a word and what may be its singular or its form for men: some of them are no words.

    >>> base_forms("nurses"), base_forms("waitress")
    (['nurses', 'nurse', 'nurs'], ['waitress', 'waitres', 'waiter', 'waitor', 'waitr'])
    """
    endings = ((ending, other) for ending, others in _BASES.items() for other in others)
    changed = (word.removesuffix(ending) + other for ending, other in endings if word.endswith(ending))
    return [word, *(form for form in changed if len(form) >= _SHORTEST)]
