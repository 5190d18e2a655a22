"""What a search is for, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kg.linking.entries import Entry, Label


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
        return not self.types or not self.types.isdisjoint((*entry.types, *entry.kinds))

    def reads(self, label: Label) -> bool:
        """Return whether a label is in the wanted language."""
        return not self.lang or not label.lang or label.lang.startswith(self.lang)


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
