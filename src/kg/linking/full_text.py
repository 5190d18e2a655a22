"""Longer texts by their words: definitions, questions. What is called something is in the index of labels."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from kg.dutch import stem
from kg.linking.compounds import folded

_SHORTEST: Final = 3
_COVERED: Final = 0.65


class Texts:
    """Texts that can be found by the words they hold, endings taken off.

    Arguments:
        texts: key and text; a key may have several, in several languages.
        whole: whether words that no text holds count against all of them; else they are passed over.

    """

    def __init__(self, texts: Iterable[tuple[str, str]], whole: bool = True) -> None:
        self._whole = whole
        self._keys: list[str] = []
        self._sizes: list[int] = []
        self._posting: defaultdict[str, list[int]] = defaultdict(list)
        for number, (key, text) in enumerate(texts):
            stems = _stems(text)
            self._keys.append(key)
            self._sizes.append(len(stems))
            for word in stems:
                self._posting[word].append(number)

    def search(self, text: str, limit: int = 5) -> list[str]:
        """Return the keys of the texts that hold most of the words, rare ones counting more; the shortest first."""
        asked = [word for word in _stems(text) if self._whole or word in self._posting]
        held: Counter[int] = Counter()
        for word in asked:
            for number in self._posting.get(word, ()):
                held[number] += self._weight(word)  # type: ignore[assignment]
        least = _COVERED * sum(map(self._weight, asked))
        ranked = [
            (-weight, self._sizes[number], self._keys[number]) for number, weight in held.items() if weight >= least
        ]
        return list(dict.fromkeys(key for _, _, key in sorted(ranked)))[:limit]

    def _weight(self, word: str) -> float:
        return math.log(1 + len(self._keys) / (1 + len(self._posting.get(word, ()))))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in folded(text).split() if len(word) >= _SHORTEST)
