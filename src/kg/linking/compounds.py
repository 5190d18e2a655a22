"""Texts as the scorer compares them: folded, in stems, Dutch compounds in parts, and in runs of three letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kg.dutch import stem, words

_SHORTEST: Final = 4
_LINKS: Final = ("", "s", "en", "e", "n", "er")
_MOST: Final = 3
# Words that say that something is knowledge or a skill, not which, and words of grammar; in nl and en.
_FRAMING: Final = frozenset(
    """de een en goed het in is kennis kunnen met op sterk van vaardig vaardigheden vaardigheid voor
    a ability abilities able an and being be for good in knowledge of skill skilled skills strong the to with""".split()  # noqa: SIM905
)


def folded(text: str) -> str:
    """Return a text in lower case, without accents and punctuation, words parted by one space.

    >>> folded("Monteur (elektro-)technische installaties")
    'monteur elektro technische installaties'
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(words(text))


def telling(text: str) -> list[str]:
    """Return the words of a folded text that say which thing is meant; all of them where none does.

    >>> telling("knowledge of electronics"), telling("kennis")
    (['electronics'], ['kennis'])
    """
    every = text.split()
    return [word for word in every if word not in _FRAMING] or every


def trigrams(text: str) -> frozenset[str]:
    """Return the runs of three letters of a folded text, its ends marked by spaces."""
    padded = f"  {text} "
    return frozenset(padded[begin : begin + 3] for begin in range(len(padded) - 2))


class Splitter:
    """Splits Dutch compounds into words that occur on their own.

    Arguments:
        texts: the folded texts whose words are known.
        known: says of other words whether they are.

    """

    def __init__(self, texts: Iterable[str], known: Callable[[str], bool] | None = None) -> None:
        words = {word for text in texts for word in text.split() if len(word) >= _SHORTEST}
        self._known = known or words.__contains__

    def stems(self, word: str) -> tuple[str, ...]:
        """Return the stems of the parts of a word."""
        return tuple(stem(part) for part in self.split(word))

    def split(self, word: str) -> tuple[str, ...]:
        """Return the parts of a word, none of which is a compound itself, or the word itself where it is none.

        >>> Splitter(["onderhoud monteur"]).split("onderhoudsmonteur")
        ('onderhoud', 'monteur')
        """
        parts = self._best(word, _MOST) or (word,)
        return parts if len(parts) == 1 else tuple(smaller for part in parts for smaller in self.split(part))

    def _best(self, word: str, most: int) -> tuple[str, ...] | None:
        if most < 2 or len(word) < 2 * _SHORTEST:
            return None
        for end in range(len(word) - _SHORTEST, _SHORTEST - 1, -1):
            if not self._known(word[:end]):
                continue
            for link in _LINKS:
                rest = word[end + len(link) :]
                if not word[end:].startswith(link) or len(rest) < _SHORTEST:
                    continue
                tail = (rest,) if self._known(rest) else self._best(rest, most - 1)
                if tail:
                    return (word[:end], *tail)
        return None


def compound_ends(word: str, known: Callable[[str], bool]) -> Iterator[str]:
    """Yield the ends of a word that follow a known word, the longest first.

    >>> list(compound_ends("broodbakker", {"brood"}.__contains__))
    ['bakker']
    """
    for end in range(_SHORTEST, len(word) - _SHORTEST + 1):
        links = (link for link in _LINKS if word[:end].endswith(link))
        if any(known(word[: end - len(link)]) for link in links):
            yield word[end:]
