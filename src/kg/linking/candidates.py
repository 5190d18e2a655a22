"""What a search is for, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.linking.entries import Entry, Label, kebab


@dataclass(frozen=True)
class Wanted:
    """What narrows a search.

    Attributes:
        types: IRIs or kebab-case names of classes; empty means all.
        lang: language of the labels to compare with; empty means all. Labels without language always take part.
        isco: an ISCO-08 code of one to four digits that the thing should agree with.

    """

    types: frozenset[str] = frozenset()
    lang: str = ""
    isco: str = ""

    def fits(self, entry: Entry) -> bool:
        """Return whether a thing is of a wanted class."""
        return self.has(entry.types)

    def has(self, types: Iterable[str]) -> bool:
        """Return whether one of some classes is wanted."""
        return not self.types or any(iri in self.types or kebab(iri) in self.types for iri in types)

    def speaks(self, lang: str) -> bool:
        """Return whether a language is wanted; none at all is."""
        return not self.lang or not lang or lang.startswith(self.lang)


@dataclass(frozen=True)
class Candidate:
    """A thing that may be meant.

    Attributes:
        entry: the thing.
        label: its label that is most like the text.
        score: 0 to 100.
        features: what the score is made of, each 0 to 1.
        match: whether it is the only thing with exactly this label or code.

    """

    entry: Entry
    label: Label
    score: float
    features: Mapping[str, float]
    match: bool = False
