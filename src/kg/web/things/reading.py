"""A publication beside the facts drawn from it: its passages in order, each with what rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

import pyoxigraph as ox

from kg.graph.evidence import Relation
from kg.languages import lang_attribute
from kg.namespaces import KB
from kg.publications.outline import HEADING, Outline, Part
from kg.publications.passages import Passage
from kg.rdf_terms import objects
from kg.web.layout import TermView, term_view
from kg.web.site import Site
from kg.web.terms import headings, is_printed, place, read_link, show

_ALSO: Final = 4  # Other passages that are named beside a fact.
_DEEPEST: Final = 6  # HTML has no lower heading.


@dataclass(frozen=True)
class Said:
    """What a passage says of a thing by one property.

    Attributes:
        name: of the property.
        values: with how firmly it is said, where that is not plainly.
        also: text and address of other passages with which it says so.

    """

    name: TermView
    values: tuple[tuple[TermView, str], ...]
    also: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drawn:
    """A thing that a passage names or describes, with its class and what the passage says of it."""

    term: TermView
    kind: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Line:
    """A passage as a reader sees it.

    Attributes:
        slug: its anchor.
        kind: slug of its kind.
        place: where it stands in its section.
        lines: of the text from which the graph was made.
        anchor: the line, where the text at hand has these lines and this is the first passage on it.
        words: its text; else its first and last words, or nothing.
        whole: whether `words` is its text.
        level: of its heading, where it is the heading of a section, or `added` stands above it.
        heading: the name of its section; `added`, whether the text prints none there; `ours`, whether we named it.
        meaning: the name of its section in the language of the page, where it is a heading in another one.
        first: whether a paragraph begins with it.
        drawn: the facts that rest on it.
        count: how many.

    """

    slug: str
    kind: str
    place: str
    lines: str
    anchor: str
    words: str
    whole: bool
    level: int
    heading: TermView | None
    added: bool
    ours: bool
    meaning: str
    first: bool
    drawn: tuple[Drawn, ...]
    count: int


@dataclass(frozen=True)
class PartView:
    """A part in the table of contents: its headings, a link, and the number of facts on each of its passages."""

    headings: tuple[TermView, ...]
    meaning: str
    href: str
    counts: tuple[tuple[str, str, int], ...]

    @property
    def covered(self) -> int:
        """How many passages carry facts."""
        return sum(count > 0 for _, _, count in self.counts)


@dataclass(frozen=True)
class Getting:
    """How a reader gets a publication, and under which terms.

    Attributes:
        term: the publication.
        title: in the language of its text.
        attribution: who published it, and when.
        address: where it can be read, as the graph says; empty where it says nothing. `host` names it.
        rights: its terms of reuse in words, and `terms`, the code for them.
        at_hand: whether its text is shown here; `permitted`, whether it may be.
        read: where it stands here.

    """

    term: TermView
    title: TermView
    attribution: str
    address: str
    host: str
    rights: str
    terms: tuple[TermView, ...]
    at_hand: bool
    permitted: bool
    read: str


def getting(site: Site, lang: str, iri: str) -> Getting | None:
    """Return how a reader gets a publication; nothing where the thing is none."""
    outline = site.outlines.get(iri)
    if outline is None:
        return None
    publication, node = outline.publication, ox.NamedNode(iri)
    terms = objects(site.graph.store, node, KB + "reuseTerms")
    name, tag = site.labels.get(iri, publication.language)
    return Getting(
        term_view(site, node, lang),
        TermView(name, lang_attribute(tag, lang)),
        site.attribution(publication, lang),
        publication.address,
        (urlsplit(publication.address).hostname or "").removeprefix("www."),
        site.permission(publication, lang),
        tuple(term_view(site, term, lang) for term in terms),
        site.texts.of(iri) is not None,
        publication.quotable,
        read_link(site, lang, iri),
    )


@dataclass
class Reading:
    """A publication as its pages show it.

    Attributes:
        site: what is served.
        lang: language of the page.
        outline: the publication in the order of its text.

    """

    site: Site
    lang: str
    outline: Outline

    def contents(self) -> list[PartView]:
        """Return the table of contents, with the number of facts on each passage."""
        return [self._part(part) for part in self.outline.parts]

    def _part(self, part: Part) -> PartView:
        counts = ((one.slug, read_link(self.site, self.lang, one.iri), self.count(one.iri)) for one in part.passages)
        above = headings(self.site, self.lang, part.section)
        href = read_link(self.site, self.lang, part.passages[0].iri).partition("#")[0]
        return PartView(above, self._meaning(part.section), href, tuple(counts))

    def _meaning(self, section: str) -> str:
        """Return the name of a section in the language of the page, where the text prints it in another one."""
        text, tag = self.site.labels.get(section, self.lang)
        publication = self.outline.publication
        foreign = section and tag == self.lang != publication.language
        return text if foreign and is_printed(self.site, section, publication) else ""

    def lines(self, part: Part) -> list[Line]:
        """Return the passages of a part."""
        return list(self._lines(part))

    def _lines(self, part: Part) -> Iterator[Line]:
        depth = len(self.outline.chain(part.section)) or 1
        sections: set[str] = set()
        level, block, printed = 1, 0, ""
        for passage in part.passages:
            opens = passage.section not in sections
            sections.add(passage.section)
            heads = self.outline.heads(passage)
            own = 0
            if heads or (opens and not self._has_heading(passage.section)):
                wanted = 2 + len(self.outline.chain(passage.section)) - depth
                own = level = max(2, min(wanted, level + 1, _DEEPEST))
            first, block = self.outline.blocks[passage.iri] != block, self.outline.blocks[passage.iri]
            line = str(passage.spans[0].line) if self._has_lines else ""
            yield self._line(passage, own, heads, line if line != printed else "", first)
            printed = line

    def _has_heading(self, section: str) -> bool:
        return any(self.outline.heads(one) for one in self.outline.passages if one.section == section)

    def _line(self, passage: Passage, level: int, heads: bool, anchor: str, first: bool) -> Line:
        whole = self.site.texts.quote(passage.iri)
        return Line(
            passage.slug,
            HEADING if heads else self.outline.places[passage.iri].kind,
            place(self.site, self.lang, passage.iri),
            passage.lines,
            anchor,
            whole or " … ".join(end for end in passage.ends if end),
            bool(whole),
            level,
            headings(self.site, self.lang, passage.section)[-1] if level else None,
            bool(level) and not heads,
            bool(level) and not is_printed(self.site, passage.section, self.outline.publication),
            self._meaning(passage.section) if heads else "",
            first,
            tuple(self._drawn(passage)),
            self.count(passage.iri),
        )

    @cached_property
    def _has_lines(self) -> bool:
        text = self.site.texts.of(self.outline.publication.iri)
        return text is not None and text.on_their_lines == len(text.quotes)

    def count(self, passage: str) -> int:
        """Return how many facts rest on a passage: relations, and things of which it says no more than their name."""
        relations = self.site.facts.drawn_from(passage)
        subjects = {relation.triple[0] for relation in relations} | {relation.triple[2] for relation in relations}
        return len(relations) + sum(thing not in subjects for thing in self.site.facts.things_at(passage))

    def _drawn(self, passage: Passage) -> Iterator[Drawn]:
        relations = self.site.facts.drawn_from(passage.iri)
        by_subject: dict[str, list[Relation]] = {}
        for relation in relations:
            by_subject.setdefault(relation.triple[0], []).append(relation)
        ends = {relation.triple[2] for relation in relations}
        for thing in self.site.facts.things_at(passage.iri):
            if thing not in ends:
                by_subject.setdefault(thing, [])
        drawn = [self._of_thing(thing, own, passage) for thing, own in by_subject.items()]
        yield from sorted(drawn, key=lambda one: (not one.said, one.term.text.casefold()))

    def _of_thing(self, thing: str, relations: Sequence[Relation], passage: Passage) -> Drawn:
        groups: dict[tuple[str, tuple[str, ...]], list[Relation]] = {}
        for relation in relations:
            others = tuple(other for other in relation.passages if other != passage.iri)
            groups.setdefault((relation.triple[1], others), []).append(relation)
        said = [self._said(predicate, others, those, passage) for (predicate, others), those in groups.items()]
        kind = next(iter(self.site.facts.classes(thing)), "")
        name = self.site.labels.get(kind, self.lang)[0] if kind else ""
        return Drawn(self._show(thing), name, tuple(sorted(said, key=lambda one: one.name.text)))

    def _said(self, predicate: str, others: Sequence[str], those: Iterable[Relation], passage: Passage) -> Said:
        text, tag = self.site.labels.get(predicate, self.lang)
        values = [(self._show(relation.triple[2]), self._hedge(relation)) for relation in those]
        also = [(self._elsewhere(other, passage), read_link(self.site, self.lang, other)) for other in others[:_ALSO]]
        name = TermView(text, lang_attribute(tag, self.lang))
        return Said(name, tuple(sorted(values, key=lambda pair: pair[0].text.casefold())), tuple(also))

    def _hedge(self, relation: Relation) -> str:
        return ", ".join(self.site.labels.get(code, self.lang)[0] for code in self.site.facts.modality(relation).codes)

    def _elsewhere(self, other: str, passage: Passage) -> str:
        """Return where another passage stands, seen from one: its section is named where that is another one."""
        here, section = place(self.site, self.lang, other), self.site.passages[other].section
        if section == passage.section:
            return here
        return f"{self.site.labels.get(section, self.lang)[0]} · {here}"

    def _show(self, iri: str) -> TermView:
        return show(self.site, self.lang, ox.NamedNode(iri))
