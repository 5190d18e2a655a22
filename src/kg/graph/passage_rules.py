"""The named rules by which the passages of a relation follow from those of its two ends; `docs/evidence.md` has each.

Every rule is a `kb:PassageRule` of `ontology/codes.ttl`. The first that finds a passage decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kg.graph.reading_order import ReadingOrder

OWN, LISTED, HEADED, ABOVE, PERIOD = (
    "own-passage",
    "one-end-in-common",
    "heading-and-below",
    "read-with-above",
    "printed-period",
)
RULES: Final = (OWN, LISTED, HEADED, ABOVE, PERIOD)

_TOGETHER: Final = 6

Triple = tuple[str, str, str]


@dataclass(frozen=True)
class Ends:
    """A relation with the passages that its publication names for its subject and for its object."""

    triple: Triple
    subject: set[str]
    object: set[str]

    @cached_property
    def shared(self) -> set[str]:
        """The passages on which both rest."""
        return self.subject & self.object


class PassageRules:
    """The rules for the relations of one publication.

    Arguments:
        relations: all of them, for a rule asks what else rests on a passage.
        order: of the passages of the publication.
        own: form of the IRIs of what belongs to the publication, such as its claims and figures.
        periods: IRIs of periods, which have no passages.

    """

    def __init__(self, relations: Iterable[Ends], order: ReadingOrder, own: re.Pattern[str], periods: set[str]) -> None:
        self._order, self._own, self._periods = order, own, periods
        self._sharing: dict[tuple[str, str], list[Triple]] = {}
        for ends in relations:
            for passage in ends.shared:
                self._sharing.setdefault((ends.triple[1], passage), []).append(ends.triple)

    def derive(self, ends: Ends) -> tuple[str, set[str]]:
        """Return the first rule that finds passages for a relation, and these; two empty values where none does."""
        rules: tuple[tuple[str, Callable[[], set[str]]], ...] = (
            (OWN, lambda: self._own_passages(ends) if ends.shared else set()),
            (LISTED, lambda: self._one_in_common(ends)),
            (HEADED, lambda: self._with_below(ends)),
            (ABOVE, lambda: set() if ends.shared else self._with_above(ends)),
            (PERIOD, lambda: ends.subject if self._dated(ends) else set()),
        )
        found = ((rule, passages) for rule, find in rules if (passages := find()))
        rule, passages = next(found, ("", set()))
        return rule, passages | self._headings_of_items(passages, ends) | self._items_of_leads(passages, ends)

    def _headings_of_items(self, passages: set[str], ends: Ends) -> set[str]:
        """Return the headings above list items on which one end rests: an item seldom says whose it is."""
        above = {upper for item in filter(self._order.is_item, passages) for upper in self._order.above(item)}
        return {upper for upper in above & (ends.subject | ends.object) if self._order.is_heading(upper)}

    def _items_of_leads(self, passages: set[str], ends: Ends) -> set[str]:
        """Return the only list item on which one end alone rests below a lead: it names what the lead does not.

        An end that rests on several items is what all of them belong to, and none of them names it.
        """
        alone = filter(self._order.is_item, ends.subject ^ ends.object)
        led = {item for item in alone if passages.intersection(self._order.above(item)[:1])}
        return led if len(led) == 1 and not any(map(self._order.is_item, passages)) else set()

    def _own_passages(self, ends: Ends) -> set[str]:
        """Return all passages of the end that the publication owns: together they say it. Of many: the shared ones."""
        for iri, passages in ((ends.triple[0], ends.subject), (ends.triple[2], ends.object)):
            if self._own.match(iri):
                return passages if len(passages) <= _TOGETHER else ends.shared
        return set()

    def _owned(self, ends: Ends) -> bool:
        return any(self._own.match(ends.triple[end]) for end in (0, 2))

    def _dated(self, ends: Ends) -> bool:
        """Return whether a period is said of something that one passage names, or of what the publication owns."""
        return ends.triple[2] in self._periods and (len(ends.subject) == 1 or self._owned(ends))

    def _one_in_common(self, ends: Ends) -> set[str]:
        """Return the shared passages of which all pairs of the property have one end in common; no heading."""
        return {
            passage
            for passage in ends.shared
            if not self._order.is_heading(passage)
            and any(len({triple[end] for triple in self._sharing[ends.triple[1], passage]}) == 1 for end in (0, 2))
        }

    def _with_below(self, ends: Ends) -> set[str]:
        """Return headings that both ends rest on, each with the first passage below it on which one of them rests."""
        found: set[str] = set()
        for heading in filter(self._order.is_heading, ends.shared):
            below = self._order.first_below(heading, ends.subject) or self._order.first_below(heading, ends.object)
            found |= {heading, below} if below else {heading}
        return found

    def _with_above(self, ends: Ends) -> set[str]:
        """Return passages of one end, each with the nearest above it on which the other end rests.

        Below stands what the publication owns, or else the subject; the other way round only where that finds nothing.
        """
        directions = [(ends.subject, ends.object), (ends.object, ends.subject)]
        if self._own.match(ends.triple[2]) and not self._own.match(ends.triple[0]):
            directions.reverse()
        found = (self._pairs(below, above) for below, above in directions)
        return next(({passage for pair in pairs for passage in pair} for pairs in found if pairs), set())

    def _pairs(self, below: set[str], above: set[str]) -> set[tuple[str, str]]:
        """Return each passage of an end with the nearest above it of the other end."""
        nearest = {
            passage: next((each for each in self._order.above(passage) if each in above), "") for passage in below
        }
        return {(passage, upper) for passage, upper in nearest.items() if upper}
