"""With what a passage is read, as the graph alone tells it: lead of its list, earlier sentences, headings above it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.namespaces import DCT, ID, KB
from kg.rdf_terms import local_name, term_key

_KIND: Final = ID + "passage-kind/"
_ITEM, _ROW, _CAPTION, _HEADING = (_KIND + name for name in ("list-item", "table-row", "caption", "heading"))
_PARTS: Final = re.compile(r"(\d+)")

Values = Mapping[str, list[str]]


class ReadingOrder:
    """The passages of one publication in the order of its text.

    Arguments:
        store: the graph.
        graph: IRI of the stated graph of the publication.

    """

    def __init__(self, store: ox.Store, graph: str) -> None:
        self._store, self._graph = store, graph
        self._above: dict[str, tuple[str, ...]] = {}
        self._tables: dict[str, Values] = {}

    def above(self, passage: str) -> tuple[str, ...]:
        """Return what a passage is read with, nearest first.

        That is the lead of its list, earlier sentences of its block, captions and headings, and what it is a note to.
        """
        if passage not in self._place:
            return ()
        if passage not in self._above:
            self._above[passage] = tuple(dict.fromkeys(each for each in self._read_with(passage) if each != passage))
        return self._above[passage]

    def is_heading(self, passage: str) -> bool:
        """Return whether a passage is a heading or caption, which says nothing without what stands below it."""
        return self._kind(passage) in (_HEADING, _CAPTION)

    def is_item(self, passage: str) -> bool:
        """Return whether a passage is an item of a list."""
        return self._kind(passage) == _ITEM

    def first_below(self, heading: str, passages: Iterable[str]) -> str:
        """Return the first of some passages that stands below a heading and is none itself, or nothing."""
        below = (each for each in passages if heading in self.above(each) and not self.is_heading(each))
        return min(below, key=self._place.__getitem__, default="")

    def _read_with(self, passage: str) -> Iterator[str]:
        before = self._before(passage)
        if self._kind(passage) == _ITEM:
            lead = next((each for each in reversed(before) if self._kind(each) != _ITEM), "")
            yield from (lead, *self._earlier(lead)) if lead else ()
        yield from self._earlier(passage)
        if self._kind(passage) == _ROW:
            yield from [each for each in before if self._kind(each) == _ROW][:1]
        yield from (each for each in reversed(before) if self._kind(each) == _CAPTION)
        yield from self._headings(self._section(passage))
        yield from self._notes.get(passage, ())

    @cached_property
    def _notes(self) -> Values:
        """Footnote or source line to the passages for which it is cited."""
        cited_for = self._values(KB + "citedFor")
        return {
            note: cited_for[it]
            for it, notes in self._values(DCT + "source").items()
            for note in notes
            if it in cited_for
        }

    def _before(self, passage: str) -> list[str]:
        """Return what stands before a passage in its section."""
        return _up_to(self._by_section[self._section(passage)], passage)

    def _earlier(self, passage: str) -> list[str]:
        """Return the earlier sentences of the block of a passage, nearest first."""
        return _up_to(self._by_block[self._block[passage]], passage)[::-1]

    @cached_property
    def _by_section(self) -> dict[str, list[str]]:
        sections: dict[str, list[str]] = {}
        for passage in self._order:
            sections.setdefault(self._section(passage), []).append(passage)
        return sections

    @cached_property
    def _by_block(self) -> dict[int, list[str]]:
        blocks: dict[int, list[str]] = {}
        for passage in self._order:
            blocks.setdefault(self._block[passage], []).append(passage)
        return blocks

    def _headings(self, section: str) -> Iterator[str]:
        seen: set[str] = set()
        while section and section not in seen:
            seen.add(section)
            yield from self._values(DCT + "source").get(section, [])
            section = next(iter(self._values(KB + "partOfSection").get(section, [])), "")

    @cached_property
    def _order(self) -> list[str]:
        return sorted(self._values(KB + "sha256"), key=lambda passage: (self._lines(passage)[0], natural(passage)))

    @cached_property
    def _place(self) -> dict[str, int]:
        return {passage: number for number, passage in enumerate(self._order)}

    @cached_property
    def _block(self) -> dict[str, int]:
        """Passage to the line at which its block begins; a passage over two lines joins them."""
        begins: dict[int, int] = {}
        for passage in self._order:
            first, *others = self._lines(passage)
            start = begins.setdefault(first, first)
            begins.update(dict.fromkeys(others, start))
        return {passage: begins[self._lines(passage)[0]] for passage in self._order}

    def _lines(self, passage: str) -> list[int]:
        spans = self._values(KB + "hasSpan").get(passage, [passage])
        return sorted(int(line) for span in spans for line in self._values(KB + "firstLine").get(span, ["0"]))

    def _kind(self, passage: str) -> str:
        return next(iter(self._values(KB + "passageKind").get(passage, [])), "")

    def _section(self, passage: str) -> str:
        return next(iter(self._values(KB + "inSection").get(passage, [])), "")

    def _values(self, predicate: str) -> Values:
        if predicate not in self._tables:
            self._tables[predicate] = _table(self._store, predicate, self._graph)
        return self._tables[predicate]


def _table(store: ox.Store, predicate: str, graph: str) -> Values:
    values: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph)):
        if not isinstance(quad.object, ox.Triple | ox.BlankNode):
            values.setdefault(term_key(quad.subject), []).append(quad.object.value)
    return {subject: sorted(each) for subject, each in values.items()}


def _up_to(passages: list[str], passage: str) -> list[str]:
    return passages[: passages.index(passage)]


def natural(passage: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts `p3-10` after `p3-9`."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in _PARTS.split(local_name(passage)))
