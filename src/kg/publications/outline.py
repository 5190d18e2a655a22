"""The order of a publication: where each passage stands as a person counts, and which sections are read at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.reading_order import natural
from kg.namespaces import KB
from kg.publications.passages import Passage, Publication
from kg.rdf_terms import local_name, term_key

SENTENCE, HEADING = "sentence", "heading"
_MOST: Final = 150  # Passages that are read at once, where sections part them.


@dataclass(frozen=True)
class Place:
    """Where a passage stands in its section.

    Attributes:
        kind: slug of the kind of passage.
        paragraph: the paragraph of running text that holds it, or else the one before it; 0 where there is none.
        number: which sentence of its paragraph it is, or which of its kind after the paragraph.
        of: how many there are of these.

    """

    kind: str
    paragraph: int
    number: int
    of: int


@dataclass(frozen=True)
class Part:
    """Sections that are read at once, in the order of the text.

    Attributes:
        section: IRI of the section that holds them; empty where this is the whole publication.
        passages: all passages of it.

    """

    section: str
    passages: tuple[Passage, ...]

    @property
    def slug(self) -> str:
        """The last part of the IRI of the section."""
        return local_name(self.section) if self.section else ""


class Outline:
    """A publication in the order of its text.

    Arguments:
        store: the graph.
        publication: one of its publications.

    """

    def __init__(self, store: ox.Store, publication: Publication) -> None:
        self.publication = publication
        graph, part_of = ox.NamedNode(publication.graph), ox.NamedNode(KB + "partOfSection")
        quads = store.quads_for_pattern(None, part_of, None, graph)
        self._parent = {term_key(quad.subject): term_key(quad.object) for quad in quads}
        self.passages = tuple(sorted(publication.passages.values(), key=_in_text))

    def chain(self, section: str) -> tuple[str, ...]:
        """Return a section and those that hold it, the highest first."""
        chain: list[str] = []
        while section and section not in chain:
            chain.append(section)
            section = self._parent.get(section, "")
        return tuple(reversed(chain))

    def heads(self, passage: Passage) -> bool:
        """Return whether a passage is the heading of its section."""
        return passage.iri in self.publication.sections.get(passage.section, ())[:1]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What is read at once: all of a short publication, else its sections, or those of a long section."""
        if len(self.passages) <= _MOST:
            return (Part("", self.passages),)
        return tuple(self._parts(self.passages, 0))

    def _parts(self, passages: Iterable[Passage], depth: int) -> Iterator[Part]:
        by_section: dict[str, list[Passage]] = {}
        for passage in passages:
            by_section.setdefault(self.chain(passage.section)[: depth + 1][-1], []).append(passage)
        for section, those in by_section.items():
            deeper = any(len(self.chain(passage.section)) > depth + 1 for passage in those)
            if len(those) > _MOST and deeper:
                yield from self._parts(those, depth + 1)
            else:
                yield Part(section, tuple(those))

    @cached_property
    def part_of(self) -> Mapping[str, Part]:
        """IRI of a passage to the part in which it is read."""
        return {passage.iri: part for part in self.parts for passage in part.passages}

    @cached_property
    def first(self) -> Mapping[str, str]:
        """IRI of a section to the passage with which it begins."""
        return {section: passage.iri for passage in reversed(self.passages) for section in self.chain(passage.section)}

    @cached_property
    def blocks(self) -> Mapping[str, int]:
        """IRI of a passage to the line at which its paragraph begins; a passage over two lines joins them."""
        begins: dict[int, int] = {}
        for passage in self.passages:
            first, *others = (span.line for span in passage.spans)
            start = begins.setdefault(first, first)
            begins.update(dict.fromkeys(others, start))
        return {passage.iri: begins[passage.spans[0].line] for passage in self.passages}

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """IRI of a passage to its place."""
        paragraphs: dict[str, list[int]] = {}
        groups: dict[tuple[str, str, int], list[str]] = {}
        for passage in self.passages:
            kind, block = local_name(passage.kind), self.blocks[passage.iri]
            own = paragraphs.setdefault(passage.section, [])
            if kind == SENTENCE and block not in own:
                own.append(block)
            number = own.index(block) + 1 if kind == SENTENCE else len(own)
            groups.setdefault((passage.section, kind, number), []).append(passage.iri)
        return {
            iri: Place(kind, paragraph, number, len(those))
            for (_, kind, paragraph), those in groups.items()
            for number, iri in enumerate(those, 1)
        }


def _in_text(passage: Passage) -> tuple[int, object]:
    return passage.spans[0].line, natural(passage.iri)
